import { Button, Group, Paper, Skeleton, Stack, Table, Text, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "../../api/client";
import { measure } from "../../api/queries";
import { save } from "../../api/save";
import type { Interval, MeasureAnswer, MeasureName } from "../../api/types";
import { useAct } from "../../api/useAct";
import { Failure, Message } from "../../components/States";
import { categoryName, useSkillName } from "../../components/skills";
import { day, moment, number } from "../../format";
import { en } from "../../i18n/en";
import { MeasureChart } from "./MeasureChart";

type Row = MeasureAnswer["rows"][number];
type Column = keyof typeof en.community.columns;
type Range = { from?: string; to?: string; interval?: Interval };
const SECONDS_OF_DAY = 86_400;

/** One measure: a picture, the same as a table, and as a file. */
export function MeasureCard({ name, range }: { name: MeasureName; range: Range }) {
  const { t } = useTranslation();
  const [isTable, table] = useDisclosure(false);
  const { data, error, isPending, refetch } = useQuery(measure(name, range));
  const title = t(`community.measures.${name}`);
  const csv = useAct(async (asked: Range) => {
    const answer = await api.GET("/v1/analytics/{measure}", {
      params: { path: { measure: name }, query: { ...asked, format: "csv" } },
      parseAs: "blob",
    });
    save(answer.data as unknown as Blob, `${name}.csv`);
  });
  return (
    <Paper component="section" p="md">
      <Stack gap="sm">
        <Group justify="space-between" wrap="nowrap">
          <Title order={2} size="h5">
            {title}
          </Title>
          <Group gap={4} wrap="nowrap">
            <Button size="compact-xs" variant="subtle" onClick={table.toggle} aria-pressed={isTable}>
              {t(isTable ? "community.chart" : "community.table")}
            </Button>
            <Button
              size="compact-xs"
              variant="subtle"
              loading={csv.isRunning}
              aria-label={t("community.csvOf", { measure: title })}
              onClick={() => void csv.run(range)}
            >
              {t("community.csv")}
            </Button>
          </Group>
        </Group>
        <Failure error={csv.error} />
        {error && <Failure error={error} onRetry={() => void refetch()} />}
        {isPending && <Skeleton height={240} />}
        {data && <Content answer={data} isTable={isTable} title={title} />}
      </Stack>
    </Paper>
  );
}

function Content({ answer, isTable, title }: { answer: MeasureAnswer; isTable: boolean; title: string }) {
  const { t } = useTranslation();
  if (answer.rows.length === 0) return <Message title={t("community.none")} text={t("community.hidden")} />;
  return (
    <>
      {isTable ? (
        <Figures rows={answer.rows} title={title} />
      ) : (
        <MeasureChart answer={answer} title={title} />
      )}
      <Text size="xs" c="dimmed">
        {answer.definition}
        {answer.as_of ? ` ${t("community.asOf", { date: moment(answer.as_of) })}` : ""}
      </Text>
    </>
  );
}

/** What a cell of a measure says. */
export function useCell(): (column: string, value: Row[string]) => string {
  const { t } = useTranslation();
  const skillName = useSkillName();
  return (column, value) => {
    if (value === null || value === undefined) return "–";
    if (column === "start" || column === "cohort") return day(String(value));
    if (column === "skill") return skillName(String(value));
    if (column === "category") return categoryName(String(value));
    if (column === "kind") return t(value === "want" ? "offering.want" : "offering.offer");
    if (column.endsWith("_seconds")) return number(Number(value) / SECONDS_OF_DAY);
    return typeof value === "number" ? number(value) : value;
  };
}

export function useColumnName(): (column: string) => string {
  const { t } = useTranslation();
  return (column) => (column in en.community.columns ? t(`community.columns.${column as Column}`) : column);
}

function Figures({ rows, title }: { rows: Row[]; title: string }) {
  const cell = useCell();
  const columnName = useColumnName();
  const columns = Object.keys(rows[0] ?? {});
  return (
    <Table.ScrollContainer
      minWidth={300}
      maxHeight={300}
      type="native"
      tabIndex={0}
      role="region"
      aria-label={title}
    >
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            {columns.map((column) => (
              <Table.Th key={column}>{columnName(column)}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map((row) => (
            <Table.Tr key={columns.map((column) => row[column]).join()}>
              {columns.map((column) => (
                <Table.Td key={column}>{cell(column, row[column] ?? null)}</Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
