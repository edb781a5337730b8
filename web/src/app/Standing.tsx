import { Alert, Button, Group, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, value } from "../api/client";
import type { OwnProfile } from "../api/types";
import { useAct } from "../api/useAct";
import { Failure } from "../components/States";
import { day } from "../format";

/** What every page says to who is suspended, or about to leave. */
export function Standing({ profile }: { profile: OwnProfile }) {
  const { t } = useTranslation();
  return (
    <>
      {profile.status === "suspended" && (
        <Alert color="orange" title={t("home.suspendedTitle")}>
          {t("home.suspended", { reason: profile.status_reason ?? "–" })}
        </Alert>
      )}
      {profile.erasure_due_at && <Leaving due={profile.erasure_due_at} />}
    </>
  );
}

function Leaving({ due }: { due: string }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const restore = useAct(
    (_: string, key) =>
      value(api.POST("/v1/users/me/restore", { params: { header: { "Idempotency-Key": key } } })),
    () => queries.invalidateQueries({ queryKey: ["me"] }),
  );
  return (
    <Alert color="orange" title={t("home.leavingTitle", { date: day(due) })}>
      <Group justify="space-between">
        <Text size="sm">{t("home.leaving")}</Text>
        <Button size="xs" loading={restore.isRunning} onClick={() => void restore.run(due)}>
          {t("home.takeBack")}
        </Button>
      </Group>
      <Failure error={restore.error} />
    </Alert>
  );
}
