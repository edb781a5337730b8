import { Alert, Badge, Button, Group, Paper, Stack, Table, Text, TextInput, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import { isMissing } from "../../api/problem";
import { trail } from "../../api/queries";
import type { Trail as Found, TrailEvent, TrailStep } from "../../api/types";
import { Page } from "../../components/Page";
import { Failure, ListSkeleton, Message } from "../../components/States";
import { number, preciseMoment } from "../../format";
import "./trail.css";

/** The way of one exchange through the system, for operators: ids, types and times. */
export function Trail() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const id = search.get("exchange") ?? "";
  const [typed, setTyped] = useState(id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setSearch({ exchange: typed.trim() });
  };
  return (
    <Page title={t("operations.trail")}>
      <form onSubmit={submit}>
        <Group align="flex-end">
          <TextInput
            label={t("operations.exchangeId")}
            required
            minLength={36}
            maxLength={36}
            flex="1 1 320px"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
          <Button type="submit">{t("operations.follow")}</Button>
        </Group>
      </form>
      {id ? <Way key={id} id={id} /> : <Text c="dimmed">{t("operations.trailHint")}</Text>}
    </Page>
  );
}

function Way({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data, error, isPending, refetch } = useQuery(trail(id));
  if (isMissing(error)) return <Message title={t("operations.noTrail")} text={t("operations.noTrailText")} />;
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (isPending) return <ListSkeleton rows={3} height={160} />;
  return <Events found={data} />;
}

function Events({ found }: { found: Found }) {
  const { t } = useTranslation();
  return (
    <>
      {found.silent.map((one) => (
        <Alert
          key={one.service}
          color="orange"
          title={t("operations.silentService", { service: one.service })}
        >
          {one.problem}
        </Alert>
      ))}
      {found.more && <Text c="dimmed">{t("operations.olderLeftOut")}</Text>}
      {found.events.map((event) => (
        <Event key={event.event_id} event={event} />
      ))}
    </>
  );
}

function Event({ event }: { event: TrailEvent }) {
  const { t } = useTranslation();
  const whole = event.steps.at(-1)?.milliseconds ?? 0;
  const began = event.steps[0];
  return (
    <Paper component="section" p="md">
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2} size="h5">
            {event.sequence}. {event.type}
          </Title>
          {event.attempts > 0 && (
            <Badge color="orange">{t("operations.retried", { count: event.attempts })}</Badge>
          )}
        </Group>
        <Text size="xs" c="dimmed" className="written">
          {began ? `${preciseMoment(began.at)} · ` : ""}
          {t("operations.trace", { id: event.trace_id ?? "–" })}
        </Text>
        <Table.ScrollContainer
          minWidth={300}
          type="native"
          tabIndex={0}
          role="region"
          aria-label={event.type}
        >
          <Table>
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{t("operations.columns.step")}</Table.Th>
                <Table.Th>{t("operations.columns.by")}</Table.Th>
                <Table.Th>{t("operations.columns.after")}</Table.Th>
                <Table.Th aria-hidden="true" className="track-column" />
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {event.steps.map((step) => (
                <Step key={`${step.what} ${step.by} ${step.mail_id}`} step={step} whole={whole} />
              ))}
            </Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Stack>
    </Paper>
  );
}

function Step({ step, whole }: { step: TrailStep; whole: number }) {
  const { t } = useTranslation();
  return (
    <Table.Tr>
      <Table.Th scope="row">
        {t(`operations.steps.${step.what}`)}
        {step.template && (
          <Text size="xs" c="dimmed">
            {step.template} · {step.status}
          </Text>
        )}
      </Table.Th>
      <Table.Td>{step.by}</Table.Td>
      <Table.Td className="nowrap">
        {t("operations.milliseconds", { value: number(step.milliseconds) })}
      </Table.Td>
      <Table.Td aria-hidden="true" className="track-column">
        <div className="track">
          <div
            className="track-point"
            style={{ left: `${whole ? (100 * step.milliseconds) / whole : 0}%` }}
          />
        </div>
      </Table.Td>
    </Table.Tr>
  );
}
