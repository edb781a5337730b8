import { Anchor, Paper, SimpleGrid, Stack, Table, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useQueries, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { ledger, ownMeasures, person } from "../api/queries";
import { BalanceCard, Figure } from "../components/balance";
import { Page } from "../components/Page";
import { Pages } from "../components/Pages";
import { Message } from "../components/States";
import { useSkillName } from "../components/skills";
import { day, duration, number } from "../format";

/** The reader's account: its balance, and every entry that made it. */
export function Hours() {
  const { t } = useTranslation();
  const skillName = useSkillName();
  const query = useInfiniteQuery(ledger());
  const partners = [
    ...new Set(query.data?.pages.flatMap((page) => page.items.map((entry) => entry.counterparty))),
  ];
  const names = useQueries({ queries: partners.map((id) => ({ ...person(id), staleTime: 300_000 })) });
  const nameOf = (id: string) => {
    const found = names[partners.indexOf(id)]?.data;
    return found ? found.display_name || found.first_name : t("app.someone");
  };
  return (
    <Page title={t("hours.title")}>
      <BalanceCard />
      <SoFar />
      <Stack gap="sm" component="section">
        <Title order={2} size="h4">
          {t("hours.entries")}
        </Title>
        <Pages query={query} empty={<Message title={t("hours.none")} text={t("hours.noneText")} />}>
          {(items) => (
            <Paper p={0}>
              <Table.ScrollContainer minWidth={320} type="native">
                <Table verticalSpacing="sm" horizontalSpacing="sm">
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t("hours.when")}</Table.Th>
                      <Table.Th>{t("hours.what")}</Table.Th>
                      <Table.Th>{t("hours.who")}</Table.Th>
                      <Table.Th ta="right">{t("hours.amount")}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {items.map((entry) => (
                      <Table.Tr key={entry.id}>
                        <Table.Td>{day(entry.at)}</Table.Td>
                        <Table.Td>
                          <Anchor component={Link} to={`/transactions/${entry.transaction}`} size="sm">
                            {skillName(entry.skill)}
                          </Anchor>
                        </Table.Td>
                        <Table.Td>{nameOf(entry.counterparty)}</Table.Td>
                        <Table.Td ta="right" style={{ whiteSpace: "nowrap" }}>
                          {entry.minutes > 0 ? "+" : ""}
                          {duration(entry.minutes)}
                        </Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            </Paper>
          )}
        </Pages>
      </Stack>
    </Page>
  );
}

/** Counted by analytics, which hears of an exchange a moment later. */
function SoFar() {
  const { t } = useTranslation();
  const { data } = useQuery(ownMeasures());
  if (!data) return null;
  return (
    <Paper component="section">
      <SimpleGrid cols={{ base: 2, sm: 4 }}>
        <Figure label={t("hours.exchanges")} value={number(data.finalized)} />
        <Figure label={t("hours.given")} value={duration(data.minutes_given)} />
        <Figure label={t("hours.received")} value={duration(data.minutes_received)} />
        <Figure label={t("hours.partners")} value={number(data.partners)} />
      </SimpleGrid>
      {data.as_of && (
        <Text size="xs" c="dimmed" mt="xs">
          {t("hours.asOf", { date: day(data.as_of) })}
        </Text>
      )}
    </Paper>
  );
}
