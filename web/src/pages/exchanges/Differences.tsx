import { Table, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useSkillName } from "../../components/skills";
import { duration, moment } from "../../format";
import type { Terms } from "./terms";

interface DifferencesProps {
  before: Terms;
  after: Terms;
  nameOf: (id: string | null | undefined) => string;
  labels?: [string, string];
}

/** Two versions of the terms, side by side, and only where they differ. */
export function Differences({ before, after, nameOf, labels }: DifferencesProps) {
  const { t } = useTranslation();
  const skillName = useSkillName();
  const rows: [string, string, string][] = [];
  const add = (label: string, old: string, now: string) => {
    if (old !== now) rows.push([label, old, now]);
  };
  const when = (at: string | null) => (at ? moment(at) : t("exchange.noDate"));
  const counted = (way: string) =>
    t(way === "hours" ? "exchange.settlementHours" : "exchange.settlementNone");
  add(t("exchange.titleField"), before.title || "–", after.title || "–");
  add(t("exchange.note"), before.note || "–", after.note || "–");
  add(t("exchange.when"), when(before.scheduled_for), when(after.scheduled_for));
  add(t("exchange.settlement"), counted(before.settlement), counted(after.settlement));
  const keys = [...new Set([...Object.keys(before.legs), ...Object.keys(after.legs)])].sort();
  const spoken = (terms: Terms, key: string) => {
    const leg = terms.legs[key];
    if (!leg) return "–";
    const who = t("exchange.gives", { giver: nameOf(leg.giver), receiver: nameOf(leg.receiver) });
    return `${who}: ${skillName(leg.skill)}, ${leg.minutes ? duration(leg.minutes) : "?"}`;
  };
  for (const [number, key] of keys.entries()) {
    add(t("exchange.leg", { number: number + 1 }), spoken(before, key), spoken(after, key));
  }
  return (
    <Table.ScrollContainer minWidth={360}>
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("exchange.differs")}</Table.Th>
            <Table.Th>{labels?.[0] ?? t("exchange.was")}</Table.Th>
            <Table.Th>{labels?.[1] ?? t("exchange.is")}</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {rows.map(([label, old, now]) => (
            <Table.Tr key={label}>
              <Table.Th scope="row">{label}</Table.Th>
              <Table.Td>{old}</Table.Td>
              <Table.Td>
                <Text component="strong" size="sm" fw={650}>
                  {now}
                </Text>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
