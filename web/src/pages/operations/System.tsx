import { Alert, Badge, Button, Group, Paper, Stack, Table, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { system } from "../../api/queries";
import type { OutboxState, ProcessState, QueueState, SystemState } from "../../api/types";
import { Page } from "../../components/Page";
import { Failure, ListSkeleton } from "../../components/States";
import { moment, number } from "../../format";
import { useAge } from "./age";
import { Redrive } from "./Redrive";

/** The system as it is now, for operators; it looks again every few seconds while somebody looks at it. */
export function System() {
  const { t } = useTranslation();
  const { data, error, refetch } = useQuery(system());
  return (
    <Page title={t("operations.system")}>
      {error && <Failure error={error} onRetry={() => void refetch()} />}
      {!data && !error && <ListSkeleton rows={3} height={160} />}
      {data && <Picture state={data} />}
    </Page>
  );
}

function Picture({ state }: { state: SystemState }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState<string | null>(null);
  return (
    <>
      <Text size="sm" c="dimmed">
        {t("operations.asOf", { moment: moment(state.as_of) })}
      </Text>
      <Section title={t("operations.processes")} columns={["name", "state", "uptime", "answered"]}>
        {state.processes.map((process) => (
          <Process key={process.name} process={process} />
        ))}
      </Section>
      {state.queues_problem ? (
        <Alert color="red" role="alert" title={t("operations.queues")}>
          {state.queues_problem}
        </Alert>
      ) : (
        <Section
          title={t("operations.queues")}
          columns={["name", "dlq", "waiting", "oldest", "subscriptionDlq", "inFlight", "delayed"]}
        >
          {state.queues.map((queue) => (
            <Queue key={queue.name} queue={queue} onRedrive={setAsked} />
          ))}
        </Section>
      )}
      <Section title={t("operations.outboxes")} columns={["name", "pending", "lag", "stuck"]}>
        {state.outboxes.map((outbox) => (
          <Outbox key={outbox.service} outbox={outbox} />
        ))}
      </Section>
      <Redrive queue={asked} onDone={() => setAsked(null)} />
    </>
  );
}

type ColumnKey =
  | "name"
  | "state"
  | "uptime"
  | "answered"
  | "waiting"
  | "inFlight"
  | "delayed"
  | "oldest"
  | "dlq"
  | "subscriptionDlq"
  | "pending"
  | "lag"
  | "stuck";

function Section({ title, columns, children }: { title: string; columns: ColumnKey[]; children: ReactNode }) {
  const { t } = useTranslation();
  return (
    <Paper component="section" p="md">
      <Stack gap="sm">
        <Title order={2} size="h5">
          {title}
        </Title>
        <Table.ScrollContainer minWidth={300} type="native" tabIndex={0} role="region" aria-label={title}>
          <Table horizontalSpacing={6}>
            <Table.Thead>
              <Table.Tr>
                {columns.map((column) => (
                  <Table.Th key={column}>{t(`operations.columns.${column}`)}</Table.Th>
                ))}
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>{children}</Table.Tbody>
          </Table>
        </Table.ScrollContainer>
      </Stack>
    </Paper>
  );
}

const COLOURS = { ready: "lagoon", "not-ready": "orange", silent: "red" } as const;

function Process({ process }: { process: ProcessState }) {
  const { t } = useTranslation();
  const age = useAge();
  const milliseconds = process.answered_in_milliseconds;
  return (
    <Table.Tr>
      <Table.Th scope="row">{process.name}</Table.Th>
      <Table.Td>
        <Badge color={COLOURS[process.state]} miw="max-content">
          {t(`operations.states.${process.state}`)}
        </Badge>
      </Table.Td>
      <Table.Td className="nowrap">{age(process.uptime_seconds)}</Table.Td>
      <Table.Td className="nowrap">
        {milliseconds === null ? "–" : t("operations.milliseconds", { value: number(milliseconds) })}
      </Table.Td>
    </Table.Tr>
  );
}

function Queue({ queue, onRedrive }: { queue: QueueState; onRedrive: (name: string) => void }) {
  const age = useAge();
  return (
    <Table.Tr>
      <Table.Th scope="row">{queue.name}</Table.Th>
      <Table.Td>
        <Dead name={queue.name} depth={queue.dlq} onRedrive={onRedrive} />
      </Table.Td>
      <Table.Td>{number(queue.waiting)}</Table.Td>
      <Table.Td className="nowrap">{age(queue.oldest_seconds)}</Table.Td>
      <Table.Td>
        <Dead name={`${queue.name}-subscription`} depth={queue.subscription_dlq} onRedrive={onRedrive} />
      </Table.Td>
      <Table.Td>{number(queue.in_flight)}</Table.Td>
      <Table.Td>{number(queue.delayed)}</Table.Td>
    </Table.Tr>
  );
}

function Dead({
  name,
  depth,
  onRedrive,
}: {
  name: string;
  depth: number;
  onRedrive: (name: string) => void;
}) {
  const { t } = useTranslation();
  if (depth === 0) return <>0</>;
  return (
    <Group gap="xs" wrap="nowrap">
      <Badge color="red" miw="max-content">
        {number(depth)}
      </Badge>
      <Button
        size="compact-xs"
        variant="default"
        aria-label={t("operations.redriveOf", { queue: name })}
        onClick={() => onRedrive(name)}
      >
        {t("operations.redrive")}
      </Button>
    </Group>
  );
}

function Outbox({ outbox }: { outbox: OutboxState }) {
  const age = useAge();
  if (outbox.problem) {
    return (
      <Table.Tr>
        <Table.Th scope="row">{outbox.service}</Table.Th>
        <Table.Td colSpan={3}>
          <Badge color="red">{outbox.problem}</Badge>
        </Table.Td>
      </Table.Tr>
    );
  }
  return (
    <Table.Tr>
      <Table.Th scope="row">{outbox.service}</Table.Th>
      <Table.Td>{number(outbox.pending ?? 0)}</Table.Td>
      <Table.Td className="nowrap">{age(outbox.lag_seconds)}</Table.Td>
      <Table.Td>
        {outbox.stuck.length === 0
          ? "0"
          : outbox.stuck.map((stuck) => (
              <Text key={stuck.subject} size="xs" className="written">
                {stuck.type} · {stuck.subject} · {stuck.last_error ?? "–"}
              </Text>
            ))}
      </Table.Td>
    </Table.Tr>
  );
}
