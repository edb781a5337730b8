import { Group, Paper, Progress, SimpleGrid, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { balance } from "../api/queries";
import { duration } from "../format";
import { Failure, ListSkeleton } from "./States";

export function BalanceCard({ children }: { children?: ReactNode }) {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(balance());
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <ListSkeleton rows={1} height={150} />;
  // The bar begins at the limit and is full as far above zero as the limit is below.
  const share = Math.max(0, Math.min(100, (100 * (data.available - data.floor)) / (-2 * data.floor || 1)));
  return (
    <Paper>
      <Stack gap="sm">
        <SimpleGrid cols={3} spacing="xs">
          <Figure label={t("hours.balance")} value={duration(data.balance)} isBig />
          <Figure label={t("hours.held")} value={duration(data.held)} />
          <Figure label={t("hours.available")} value={duration(data.available - data.floor)} />
        </SimpleGrid>
        <Progress value={share} size="sm" aria-label={t("hours.available")} />
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            {t("hours.limit", { floor: duration(data.floor) })}
          </Text>
          {children}
        </Group>
      </Stack>
    </Paper>
  );
}

export function Figure({ label, value, isBig = false }: { label: string; value: string; isBig?: boolean }) {
  return (
    <Stack gap={0}>
      <Text size="sm" c="dimmed">
        {label}
      </Text>
      <Text fw={650} fz={isBig ? 26 : 20} lh={1.3}>
        {value}
      </Text>
    </Stack>
  );
}
