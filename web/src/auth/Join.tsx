import { Button, Paper, Select, Stack, Text, TextInput } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, value } from "../api/client";
import { useAct } from "../api/useAct";
import { Page } from "../components/Page";
import { Failure } from "../components/States";
import { LANGUAGES, type Language, language } from "../i18n";

/** The profile of who has an account but is no member yet. */
export function Join() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [firstName, setFirstName] = useState("");
  const [lastName, setLastName] = useState("");
  const [locale, setLocale] = useState<Language>(language());
  const join = useAct(
    (body: { first_name: string; last_name: string; locale: string; time_zone: string }, key) =>
      value(api.POST("/v1/users", { params: { header: { "Idempotency-Key": key } }, body })),
    () => queries.invalidateQueries({ queryKey: ["me"] }),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
    void join.run({ first_name: firstName.trim(), last_name: lastName.trim(), locale, time_zone: zone });
  };
  return (
    <Paper maw={460} mx="auto" w="100%">
      <Page title={t("auth.joinTitle")}>
        <form onSubmit={submit}>
          <Stack>
            <Text>{t("auth.join")}</Text>
            <Failure error={join.error} />
            <TextInput
              label={t("profile.firstName")}
              autoComplete="given-name"
              required
              maxLength={60}
              value={firstName}
              onChange={(event) => setFirstName(event.currentTarget.value)}
            />
            <TextInput
              label={t("profile.lastName")}
              autoComplete="family-name"
              required
              maxLength={60}
              value={lastName}
              onChange={(event) => setLastName(event.currentTarget.value)}
            />
            <Select
              label={t("profile.language")}
              data={Object.entries(LANGUAGES).map(([code, name]) => ({ value: code, label: name }))}
              value={locale}
              allowDeselect={false}
              onChange={(code) => setLocale(code as Language)}
            />
            <Button type="submit" loading={join.isRunning}>
              {t("auth.joinButton")}
            </Button>
          </Stack>
        </form>
      </Page>
    </Paper>
  );
}
