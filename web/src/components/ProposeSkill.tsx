import { Button, Select, Stack, Text, TextInput } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, value } from "../api/client";
import { skills } from "../api/queries";
import { useAct } from "../api/useAct";
import { useAnnounce } from "./announce";
import { Failure } from "./States";
import { categoryName } from "./skills";

export function ProposeSkill({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const queries = useQueryClient();
  const { data } = useQuery(skills());
  const [name, setName] = useState("");
  const [category, setCategory] = useState<string | null>(null);
  const categories = [...new Set(data?.items.map((skill) => skill.category))];
  const propose = useAct(
    (body: { name: string; category: string }, key) =>
      value(api.POST("/v1/skills/proposals", { params: { header: { "Idempotency-Key": key } }, body })),
    async () => {
      announce(t("offering.proposed"));
      onDone();
      await queries.invalidateQueries({ queryKey: ["proposals"] });
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void propose.run({ name: name.trim(), category: category ?? "" });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text size="sm">{t("offering.proposeHint")}</Text>
        <Failure error={propose.error} />
        <TextInput
          label={t("offering.skillName")}
          required
          minLength={2}
          maxLength={60}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Select
          label={t("offering.category")}
          required
          data={categories.map((one) => ({ value: one, label: categoryName(one) }))}
          value={category}
          onChange={setCategory}
        />
        <Button type="submit" loading={propose.isRunning} disabled={!category}>
          {t("offering.proposeSkill")}
        </Button>
      </Stack>
    </form>
  );
}
