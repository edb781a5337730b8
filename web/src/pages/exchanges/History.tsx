import { Stack, Text, Timeline, Title } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { history } from "../../api/queries";
import type { Transaction } from "../../api/types";
import { useNames } from "../../components/exchange";
import { Pages } from "../../components/Pages";
import { moment } from "../../format";
import { en } from "../../i18n/en";

type PastAction = keyof typeof en.exchange.pastActions;

/** What was done, by whom and when. */
export function History({ transaction: now }: { transaction: Transaction }) {
  const { t } = useTranslation();
  const nameOf = useNames(now);
  const query = useInfiniteQuery(history(now.id, now.version));
  // An action that this build does not know yet is shown by its own name.
  const spoken = (action: string) =>
    action in en.exchange.pastActions ? t(`exchange.pastActions.${action as PastAction}`) : action;
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h4">
        {t("exchange.history")}
      </Title>
      <Pages query={query} empty={null}>
        {(items) => (
          <Timeline bulletSize={14} lineWidth={2}>
            {items.map((entry) => (
              <Timeline.Item
                key={entry.number}
                title={
                  <Text size="sm" fw={600} component="span">
                    {entry.actor ? nameOf(entry.actor) : t("exchange.byTime")}: {spoken(entry.action)}
                  </Text>
                }
              >
                <Text size="sm" c="dimmed">
                  {moment(entry.at)}
                  {entry.reason ? ` · ${t("exchange.reason", { reason: entry.reason })}` : ""}
                </Text>
              </Timeline.Item>
            ))}
          </Timeline>
        )}
      </Pages>
    </Stack>
  );
}
