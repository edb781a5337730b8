import { Badge, Button, Group, Paper, Stack, Text, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, value } from "../api/client";
import { ownExports } from "../api/queries";
import { save } from "../api/save";
import type { OwnExport } from "../api/types";
import { useAct } from "../api/useAct";
import { Failure, ListSkeleton } from "../components/States";
import { day, moment, number } from "../format";

/** All that is kept about the reader, as a file: asked for here, made in the background, fetched here. */
export function OwnData() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const { data, error, isPending, refetch, isWatched } = useOwnExports();
  // From the beginning: a new export is looked for as long as the first.
  const lookAnew = () => queries.resetQueries({ queryKey: ownExports().queryKey });
  const ask = useAct(
    (_: string, key) =>
      value(api.POST("/v1/users/me/exports", { params: { header: { "Idempotency-Key": key } } })),
    lookAnew,
  );
  // What is over is told of only while nothing newer is there.
  const shown = data?.items.filter((one, place) => place === 0 || isPresent(one)) ?? [];
  const isBeingMade = shown.some((one) => one.state === "pending");
  return (
    <Paper component="section">
      <Stack align="flex-start">
        <Title order={2} size="h4">
          {t("ownData.title")}
        </Title>
        <Text>{t("ownData.text")}</Text>
        <Failure error={error} onRetry={() => void refetch()} />
        {isPending && !error && <ListSkeleton rows={1} height={40} />}
        {shown.length > 0 && (
          <Stack gap="md" w="100%" aria-live="polite">
            {shown.map((one) => (
              <OneExport key={one.id} made={one} />
            ))}
          </Stack>
        )}
        {isBeingMade && !isWatched && (
          <Group>
            <Text size="sm">{t("ownData.slow")}</Text>
            <Button size="xs" variant="default" onClick={() => void lookAnew()}>
              {t("ownData.look")}
            </Button>
          </Group>
        )}
        <Failure error={ask.error} />
        <Button
          variant="light"
          loading={ask.isRunning}
          disabled={isPending || isBeingMade}
          onClick={() => void ask.run(shown[0]?.id ?? "")}
        >
          {t("ownData.ask")}
        </Button>
      </Stack>
    </Paper>
  );
}

const OFTEN_MILLISECONDS = 2_000;
const SELDOM_MILLISECONDS = 20_000;
const OFTEN_LOOKS = 30;
const MOST_LOOKS = 60;

/** The exports, looked at again while one is being made: for a minute often, for ten seldom, then not by itself. */
function useOwnExports() {
  const query = useQuery({
    ...ownExports(),
    refetchInterval: ({ state }) => {
      if (!state.data?.items.some((one) => one.state === "pending")) return false;
      if (state.dataUpdateCount >= MOST_LOOKS) return false;
      return state.dataUpdateCount < OFTEN_LOOKS ? OFTEN_MILLISECONDS : SELDOM_MILLISECONDS;
    },
  });
  const looks = useQueryClient().getQueryState(ownExports().queryKey)?.dataUpdateCount ?? 0;
  return { ...query, isWatched: looks < MOST_LOOKS };
}

function isPresent(one: OwnExport): boolean {
  return one.state === "pending" || one.state === "ready";
}

const COLOURS = { pending: "blue", ready: "lagoon", failed: "red", expired: "gray" } as const;

function OneExport({ made }: { made: OwnExport }) {
  const { t } = useTranslation();
  const fetchIt = useAct(async (id: string) => {
    const answer = await api.GET("/v1/users/me/exports/{export_id}/file", {
      params: { path: { export_id: id } },
      parseAs: "blob",
    });
    save(
      answer.data as unknown as Blob,
      `skillsync-${(made.finished_at ?? made.created_at).slice(0, 10)}.zip`,
    );
  });
  return (
    <Stack gap={4}>
      <Group gap="sm">
        <Badge color={COLOURS[made.state]}>{t(`ownData.states.${made.state}`)}</Badge>
        <Text size="sm">{t("ownData.asked", { moment: moment(made.created_at) })}</Text>
        {made.state === "ready" && (
          <Button
            size="xs"
            loading={fetchIt.isRunning}
            aria-label={t("ownData.fetchOf", { moment: moment(made.created_at) })}
            onClick={() => void fetchIt.run(made.id)}
          >
            {t("ownData.fetch")}
          </Button>
        )}
      </Group>
      <Text size="sm" c="dimmed">
        {made.state === "ready" &&
          t("ownData.until", {
            date: made.expires_at ? day(made.expires_at) : "–",
            kilobytes: number((made.file_bytes ?? 0) / 1000),
          })}
        {made.state === "pending" && t("ownData.pending")}
        {made.state === "expired" && t("ownData.expired")}
        {made.state === "failed" && t(`ownData.problems.${made.problem ?? "unavailable"}`)}
      </Text>
      <Failure error={fetchIt.error} />
    </Stack>
  );
}
