import { Button, Group, Paper, Radio, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useNavigate, useSearchParams } from "react-router";
import { api, value } from "../../api/client";
import { transaction } from "../../api/queries";
import { useAct } from "../../api/useAct";
import { Page } from "../../components/Page";
import { Failure } from "../../components/States";
import { PersonSelect } from "./PersonSelect";

const KINDS = ["gift", "swap", "ring"] as const;
type Kind = (typeof KINDS)[number];
const USUAL_MINUTES = 60;

interface NewLeg {
  giver: string | null;
  receiver: string | null;
  skill: string | null;
  minutes: number;
}

/** Begins a draft of a usual shape; everything can still be changed in it. */
export function New() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [search] = useSearchParams();
  const [kind, setKind] = useState<Kind>(KINDS.find((one) => one === search.get("kind")) ?? "swap");
  const [partner, setPartner] = useState<string | null>(search.get("with"));
  const [third, setThird] = useState<string | null>(search.get("third"));
  const create = useAct(
    (legs: Record<string, NewLeg>, key) =>
      value(api.POST("/v1/transactions", { params: { header: { "Idempotency-Key": key } }, body: { legs } })),
    async (made) => {
      queries.setQueryData(transaction(made.id).queryKey, made);
      await navigate(`/transactions/${made.id}/edit`, { replace: true });
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const skills = { gives: search.get("gives"), between: search.get("between"), gets: search.get("gets") };
    void create.run(legsOf(kind, partner, third, skills));
  };
  return (
    <Page title={t("exchange.newTitle")}>
      <Paper>
        <form onSubmit={submit}>
          <Stack>
            <Failure error={create.error} />
            <Radio.Group label={t("exchange.kind")} value={kind} onChange={(next) => setKind(next as Kind)}>
              <SimpleGrid cols={{ base: 1, sm: 3 }} mt="xs">
                {KINDS.map((one) => (
                  <Radio.Card key={one} value={one} p="md" radius="md">
                    <Group wrap="nowrap" align="flex-start">
                      <Radio.Indicator />
                      <div>
                        <Text fw={600}>{t(`exchange.${one}`)}</Text>
                        <Text size="sm" c="dimmed">
                          {t(`exchange.${one}Text`)}
                        </Text>
                      </div>
                    </Group>
                  </Radio.Card>
                ))}
              </SimpleGrid>
            </Radio.Group>
            <PersonSelect label={t("exchange.with")} value={partner} onChange={setPartner} />
            {kind === "ring" && (
              <PersonSelect label={t("exchange.second")} value={third} onChange={setThird} />
            )}
            <Button type="submit" loading={create.isRunning}>
              {t("exchange.create")}
            </Button>
          </Stack>
        </form>
      </Paper>
    </Page>
  );
}

interface Skills {
  gives: string | null;
  /** What goes from the second to the third of a ring. */
  between: string | null;
  gets: string | null;
}

function legsOf(
  kind: Kind,
  partner: string | null,
  third: string | null,
  { gives, between, gets }: Skills,
): Record<string, NewLeg> {
  const leg = (giver: string | null, receiver: string | null, skill: string | null) => ({
    giver,
    receiver,
    skill: skill || null,
    minutes: USUAL_MINUTES,
  });
  if (kind === "gift") return { a: gets ? leg(partner, "me", gets) : leg("me", partner, gives) };
  if (kind === "swap") return { a: leg("me", partner, gives), b: leg(partner, "me", gets) };
  return { a: leg("me", partner, gives), b: leg(partner, third, between), c: leg(third, "me", gets) };
}
