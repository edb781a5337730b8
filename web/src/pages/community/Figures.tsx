import { Group, Paper, Select, SimpleGrid, TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSearchParams } from "react-router";
import type { Interval, MeasureName } from "../../api/types";
import { Page } from "../../components/Page";
import { MeasureCard } from "./MeasureCard";

const INTERVALS: Interval[] = ["week", "day", "month"];
/** What each measure can be told by; where the wanted one is not among them, its usual one is taken. */
const MEASURES: [MeasureName, Interval[]][] = [
  ["exchanges", ["week", "day", "month"]],
  ["funnel", ["week", "day", "month"]],
  ["gap", []],
  ["skills", []],
  ["members", ["week", "day", "month"]],
  ["categories", ["week"]],
  ["times", ["week", "day", "month"]],
  ["reciprocity", ["month", "week"]],
  ["cohorts", ["month", "week"]],
];
const USUAL_DAYS = 84;
const MILLISECONDS_OF_DAY = 86_400_000;

function dayBefore(days: number): string {
  return new Date(Date.now() - days * MILLISECONDS_OF_DAY).toISOString().slice(0, 10);
}

/** The community in figures, for coordinators. */
export function Figures() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const interval = INTERVALS.find((one) => one === search.get("interval")) ?? "week";
  const from = search.get("from") ?? dayBefore(USUAL_DAYS);
  const to = search.get("to") ?? dayBefore(-1);
  const set = (name: string, value: string) => {
    if (value)
      setSearch((now) => new URLSearchParams({ ...Object.fromEntries(now), [name]: value }), {
        replace: true,
      });
  };
  return (
    <Page title={t("nav.figures")}>
      <Paper p="md">
        <Group grow preventGrowOverflow={false}>
          <TextInput
            type="date"
            label={t("community.from")}
            value={from}
            max={to}
            onChange={(event) => set("from", event.currentTarget.value)}
          />
          <TextInput
            type="date"
            label={t("community.to")}
            value={to}
            min={from}
            onChange={(event) => set("to", event.currentTarget.value)}
          />
          <Select
            label={t("community.interval")}
            allowDeselect={false}
            data={INTERVALS.map((one) => ({ value: one, label: t(`community.${one}`) }))}
            value={interval}
            onChange={(value) => set("interval", value ?? "")}
          />
        </Group>
      </Paper>
      <SimpleGrid cols={{ base: 1, lg: 2 }} spacing="lg">
        {MEASURES.map(([name, intervals]) => {
          const by = intervals.includes(interval) ? interval : intervals[0];
          return <MeasureCard key={name} name={name} range={by ? { from, to, interval: by } : {}} />;
        })}
      </SimpleGrid>
    </Page>
  );
}
