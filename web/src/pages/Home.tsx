import { Anchor, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { offerings, ownProfile, transactions } from "../api/queries";
import type { Transaction } from "../api/types";
import { BalanceCard } from "../components/balance";
import { ExchangeCard } from "../components/exchange";
import { Page } from "../components/Page";
import { Failure, ListSkeleton, Message } from "../components/States";

/** What waits for the reader, what is coming, and their hours. */
export function Home() {
  const { t } = useTranslation();
  const { data: profile } = useQuery(ownProfile());
  const proposed = useInfiniteQuery(transactions("proposed"));
  const accepted = useInfiniteQuery(transactions("accepted"));
  const drafts = useInfiniteQuery(transactions("draft"));
  const mine = useInfiniteQuery(offerings({ owner: "me" }));

  const all = [proposed, accepted, drafts];
  const failed = all.find((query) => query.isError);
  const isPending = all.some((query) => query.isPending);
  const of = (query: typeof proposed) => query.data?.pages.flatMap((page) => page.items) ?? [];
  const toAnswer = of(proposed).filter((one) => one.allowed_actions.includes("accept"));
  const isOver = (one: Transaction) => Boolean(one.scheduled_for && new Date(one.scheduled_for) < new Date());
  const toConfirm = of(accepted).filter(
    (one) => one.allowed_actions.includes("finalize") && (isOver(one) || one.confirmations.length > 0),
  );
  const coming = of(accepted).filter((one) => !toConfirm.includes(one));
  const waiting = of(proposed).filter((one) => !toAnswer.includes(one));
  const isNew = mine.data?.pages[0]?.items.length === 0;

  return (
    <Page
      title={t("home.hello", { name: profile?.display_name || profile?.first_name || "" })}
      actions={
        <Button component={Link} to="/transactions/new">
          {t("exchange.new")}
        </Button>
      }
    >
      {isNew && (
        <Paper>
          <Group justify="space-between">
            <Text flex="1 1 260px">{t("home.firstSteps")}</Text>
            <Button component={Link} to="/me" variant="light">
              {t("home.firstStepsButton")}
            </Button>
          </Group>
        </Paper>
      )}
      {failed && <Failure error={failed.error} onRetry={() => void failed.refetch()} />}
      {isPending && <ListSkeleton />}
      {!isPending && (
        <Stack gap="xl">
          <Section title={t("home.waiting")}>
            {toAnswer.length + toConfirm.length === 0 && (
              <Paper p={0}>
                <Message title={t("home.nothingWaits")} text={t("home.nothingWaitsText")}>
                  <Button component={Link} to="/find" variant="light">
                    {t("home.findSomebody")}
                  </Button>
                </Message>
              </Paper>
            )}
            {toAnswer.map((one) => (
              <ExchangeCard key={one.id} transaction={one} hint={t("home.answer")} />
            ))}
            {toConfirm.map((one) => (
              <ExchangeCard key={one.id} transaction={one} hint={t("home.confirmIt")} />
            ))}
          </Section>
          <SimpleGrid cols={{ base: 1, md: 2 }} spacing="xl">
            <Section title={t("home.balance")}>
              <BalanceCard>
                <Anchor component={Link} to="/hours" size="sm">
                  {t("home.toHours")}
                </Anchor>
              </BalanceCard>
            </Section>
            {coming.length > 0 && <List title={t("home.coming")} items={coming} />}
            {waiting.length > 0 && <List title={t("home.waitingForOthers")} items={waiting} />}
            {of(drafts).length > 0 && <List title={t("home.drafts")} items={of(drafts)} />}
          </SimpleGrid>
        </Stack>
      )}
    </Page>
  );
}

function List({ title, items }: { title: string; items: Transaction[] }) {
  return (
    <Section title={title}>
      {items.slice(0, 5).map((one) => (
        <ExchangeCard key={one.id} transaction={one} />
      ))}
    </Section>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Stack gap="sm" component="section">
      <Title order={2} size="h4">
        {title}
      </Title>
      {children}
    </Stack>
  );
}
