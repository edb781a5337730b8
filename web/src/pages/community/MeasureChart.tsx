import { useMantineTheme } from "@mantine/core";
import {
  Bar,
  BarChart,
  CartesianGrid,
  Legend,
  Line,
  LineChart,
  ResponsiveContainer,
  Tooltip,
  XAxis,
  YAxis,
} from "recharts";
import type { MeasureAnswer, MeasureName } from "../../api/types";
import { locale } from "../../i18n";
import { useCell, useColumnName } from "./MeasureCard";

interface Picture {
  kind: "bars" | "stack" | "lines" | "lying";
  over: string;
  values: string[];
}

const PICTURES: Record<MeasureName, Picture> = {
  exchanges: { kind: "bars", over: "start", values: ["exchanges", "hours"] },
  categories: { kind: "stack", over: "start", values: [] },
  members: { kind: "lines", over: "start", values: ["active", "new", "dormant"] },
  skills: { kind: "lying", over: "skill", values: ["offers", "wants"] },
  gap: { kind: "lying", over: "skill", values: ["offers", "wants"] },
  times: { kind: "lines", over: "start", values: ["accept_median_seconds", "finalize_median_seconds"] },
  funnel: { kind: "stack", over: "start", values: ["finalized", "open", "declined", "cancelled", "expired"] },
  cohorts: { kind: "lines", over: "after", values: [] },
  reciprocity: { kind: "stack", over: "start", values: ["both", "gave_only", "received_only"] },
};
const HEIGHT = 260;
const MOST_ROWS = 12;
const MOST_SERIES = 6;
const SECONDS_OF_DAY = 86_400;

type Point = Record<string, string | number | null>;

/** A measure as a picture; the table beside it says the same to who cannot see it. */
export function MeasureChart({ answer, title }: { answer: MeasureAnswer; title: string }) {
  const cell = useCell();
  const columnName = useColumnName();
  const { colors } = useMantineTheme();
  const picture = PICTURES[answer.measure as MeasureName];
  const { points, values } = pointsOf(answer, picture);
  // Told apart by lightness too.
  const colours = [
    colors.lagoon?.[7],
    colors.orange[4],
    colors.blue[8],
    colors.grape[4],
    colors.gray[6],
    colors.lime[5],
  ];
  const spoken = (value: string) => columnName(value);
  const tick = (value: unknown) =>
    picture.over === "start" ? shortDay(String(value)) : cell(picture.over, String(value));
  const shared = (
    <>
      <CartesianGrid strokeDasharray="3 3" strokeOpacity={0.35} />
      <Tooltip
        labelFormatter={(label) =>
          picture.over === "after" ? String(label) : cell(picture.over, String(label))
        }
        contentStyle={{ background: "var(--mantine-color-body)", borderRadius: 8 }}
      />
      <Legend formatter={(name) => <span className="legend">{name}</span>} />
    </>
  );
  const axis = { tick: { fill: "currentColor", fontSize: 12 }, stroke: "currentColor" };
  return (
    <div role="img" aria-label={title}>
      <ResponsiveContainer
        width="100%"
        height={picture.kind === "lying" ? Math.max(HEIGHT, 40 + 30 * points.length) : HEIGHT}
      >
        {picture.kind === "lines" ? (
          <LineChart data={points} accessibilityLayer={false}>
            {shared}
            <XAxis
              dataKey={picture.over}
              tickFormatter={picture.over === "after" ? String : tick}
              {...axis}
            />
            <YAxis width={36} {...axis} />
            {values.map((value, number) => (
              <Line
                key={value}
                dataKey={value}
                name={spoken(value)}
                stroke={colours[number] ?? "gray"}
                strokeWidth={2}
                dot={false}
                isAnimationActive={false}
              />
            ))}
          </LineChart>
        ) : (
          <BarChart
            data={points}
            layout={picture.kind === "lying" ? "vertical" : "horizontal"}
            accessibilityLayer={false}
          >
            {shared}
            {picture.kind === "lying" ? (
              <>
                <XAxis type="number" allowDecimals={false} {...axis} />
                <YAxis
                  type="category"
                  dataKey={picture.over}
                  width={120}
                  tickFormatter={tick}
                  interval={0}
                  {...axis}
                />
              </>
            ) : (
              <>
                <XAxis dataKey={picture.over} tickFormatter={tick} {...axis} />
                <YAxis width={36} {...axis} />
              </>
            )}
            {values.map((value, number) => (
              <Bar
                key={value}
                dataKey={value}
                name={spoken(value)}
                fill={colours[number] ?? "gray"}
                stackId={picture.kind === "stack" ? "all" : undefined}
                isAnimationActive={false}
              />
            ))}
          </BarChart>
        )}
      </ResponsiveContainer>
    </div>
  );
}

function shortDay(at: string): string {
  return new Intl.DateTimeFormat(locale(), { day: "numeric", month: "short", timeZone: "UTC" }).format(
    new Date(at),
  );
}

/** The rows as points of the picture; long tables (one row for each series) are turned first. */
function pointsOf(answer: MeasureAnswer, picture: Picture): { points: Point[]; values: string[] } {
  const rows = answer.rows as Point[];
  switch (answer.measure) {
    case "categories":
      return turned(rows, "start", "category", "hours");
    case "cohorts": {
      const { points, values } = turned(rows, "after", "cohort", "active");
      return { points, values: values.slice(-MOST_SERIES) };
    }
    case "skills":
      return { points: bothSides(rows).slice(0, MOST_ROWS), values: picture.values };
    case "times":
      return { points: rows.map((row) => inDays(row, picture.values)), values: picture.values };
    default:
      return { points: picture.kind === "lying" ? rows.slice(0, MOST_ROWS) : rows, values: picture.values };
  }
}

function turned(
  rows: Point[],
  over: string,
  series: string,
  value: string,
): { points: Point[]; values: string[] } {
  const points = new Map<unknown, Point>();
  const sums = new Map<string, number>();
  for (const row of rows) {
    const name = String(row[series]);
    const point = points.get(row[over]) ?? { [over]: row[over] ?? null };
    point[name] = row[value] ?? null;
    points.set(row[over], point);
    sums.set(name, (sums.get(name) ?? 0) + Number(row[value] ?? 0));
  }
  const largest = [...sums].sort(([, one], [, other]) => other - one).map(([name]) => name);
  const values = series === "cohort" ? [...sums.keys()].sort() : largest.slice(0, MOST_SERIES);
  return { points: [...points.values()], values };
}

function bothSides(rows: Point[]): Point[] {
  const skills = new Map<string, Point>();
  for (const row of rows) {
    const point = skills.get(String(row.skill)) ?? { skill: row.skill ?? null };
    point[row.kind === "want" ? "wants" : "offers"] = row.members ?? null;
    skills.set(String(row.skill), point);
  }
  return [...skills.values()];
}

function inDays(row: Point, values: string[]): Point {
  const days = values.map((value) => {
    const seconds = row[value];
    return [value, typeof seconds === "number" ? Math.round((10 * seconds) / SECONDS_OF_DAY) / 10 : null];
  });
  return { ...row, ...Object.fromEntries(days) };
}
