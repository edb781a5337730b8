import { Alert, Button, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import type { Offering } from "../api/types";
import { day } from "../format";
import { Failure } from "./States";
import { endsSoon, useRenewal, wouldLastUntil } from "./useRenewal";

/** What who comes by the mail that their offering ends soon came for: one click. Nothing is renewed by coming alone. */
export function Renewal({ offering }: { offering: Offering }) {
  const { t } = useTranslation();
  const renewal = useRenewal(offering);
  const { status, expires_at: end } = offering;
  if (status === "active" && !endsSoon(offering)) {
    return (
      <Alert color="lagoon" role="status" title={t("renewal.doneTitle", { date: end ? day(end) : "–" })}>
        {t("renewal.done")}
      </Alert>
    );
  }
  return (
    <Alert color="orange" title={t(`renewal.${status}Title`, { date: end ? day(end) : "–" })}>
      <Stack align="flex-start" gap="sm">
        <Text size="sm">{t(`renewal.${status}`)}</Text>
        <Button loading={renewal.isRunning} onClick={() => void renewal.run(offering.version)}>
          {t("renewal.renew", { date: day(wouldLastUntil(offering)) })}
        </Button>
        <Failure error={renewal.error} />
      </Stack>
    </Alert>
  );
}
