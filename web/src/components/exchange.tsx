import { Badge, Group, Paper, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { State, Transaction } from "../api/types";
import { session } from "../auth/session";
import { day, duration, moment } from "../format";
import { useSkillName } from "./skills";

const COLOURS: Record<State, string> = {
  draft: "gray",
  proposed: "blue",
  accepted: "lagoon",
  finalized: "green",
  declined: "red",
  cancelled: "red",
  expired: "gray",
};

export function StateBadge({ state }: { state: State }) {
  const { t } = useTranslation();
  return <Badge color={COLOURS[state]}>{t(`exchange.states.${state}`)}</Badge>;
}

/** A participant's name; "You" for the reader. */
export function useNames(transaction: Transaction | undefined): (id: string | null | undefined) => string {
  const { t } = useTranslation();
  return (id) => {
    if (!id) return "?";
    if (id === session().id) return t("app.you");
    const found = transaction?.participants.find((one) => one.id === id);
    return found?.display_name || t("app.someone");
  };
}

/** An exchange in a list: what, with whom, in which state. The whole card is the link. */
export function ExchangeCard({ transaction, hint }: { transaction: Transaction; hint?: string }) {
  const { t } = useTranslation();
  const skillName = useSkillName();
  const others = transaction.participants
    .filter((one) => one.id !== session().id)
    .map((one) => one.display_name);
  const legs = Object.values(transaction.legs).filter((leg) => leg.skill);
  const what = legs
    .map((leg) => `${skillName(leg.skill)}${leg.minutes ? ` (${duration(leg.minutes)})` : ""}`)
    .join(" · ");
  return (
    <Paper component={Link} to={`/transactions/${transaction.id}`} className="card-link" p="md">
      <Group justify="space-between" align="flex-start" wrap="nowrap">
        <Stack gap={2} miw={0}>
          <Text fw={600} truncate>
            {transaction.title || t("exchange.untitled")}
          </Text>
          <Text size="sm" c="dimmed" truncate>
            {[others.join(", "), what].filter(Boolean).join(" – ")}
          </Text>
          {(hint || transaction.scheduled_for) && (
            <Text size="sm">
              {[hint, transaction.scheduled_for && moment(transaction.scheduled_for)]
                .filter(Boolean)
                .join(" · ")}
            </Text>
          )}
        </Stack>
        <Stack gap={4} align="flex-end" flex="none">
          <StateBadge state={transaction.state} />
          <Text size="xs" c="dimmed" style={{ whiteSpace: "nowrap" }}>
            {day(transaction.updated_at)}
          </Text>
        </Stack>
      </Group>
    </Paper>
  );
}
