import { Alert, Anchor, Avatar, Button, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useParams } from "react-router";
import { isMissing } from "../../api/problem";
import { transaction } from "../../api/queries";
import type { Transaction } from "../../api/types";
import { Missing } from "../../app/RouteError";
import { session } from "../../auth/session";
import { StateBadge, useNames } from "../../components/exchange";
import { Page } from "../../components/Page";
import { Failure, ListSkeleton } from "../../components/States";
import { useSkillName } from "../../components/skills";
import { day, duration, moment } from "../../format";
import { Actions } from "./Actions";
import { Differences } from "./Differences";
import { History } from "./History";
import { termsOf } from "./terms";

export function Exchange() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useQuery(transaction(id));
  if (isMissing(error)) return <Missing />;
  if (isPending) return <ListSkeleton rows={3} height={140} />;
  if (!data) return <Failure error={error} onRetry={() => void refetch()} />;
  return <Known key={id} transaction={data} />;
}

/** `read` are the terms that the reader has seen: whatever they agree to are these and no others. */
function Known({ transaction: now }: { transaction: Transaction }) {
  const { t } = useTranslation();
  const nameOf = useNames(now);
  const [read, setRead] = useState(now);
  const isOpen = now.state === "proposed" || now.state === "accepted";
  const hasChanged = isOpen && read.terms_rev !== now.terms_rev;
  return (
    <Page title={now.title || t("exchange.untitled")} actions={<StateBadge state={now.state} />}>
      {hasChanged && (
        <Alert color="orange" title={t("exchange.changedTitle")} role="alert">
          <Stack gap="sm">
            <Text size="sm">{t("exchange.changedText")}</Text>
            <Differences before={termsOf(read)} after={termsOf(now)} nameOf={nameOf} />
            <Group>
              <Button size="xs" onClick={() => setRead(now)}>
                {t("exchange.changedRead")}
              </Button>
            </Group>
          </Stack>
        </Alert>
      )}
      <Actions
        transaction={now}
        readRevision={read.terms_rev}
        hasChanged={hasChanged}
        onOwnChange={setRead}
      />
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="lg">
        <TermsCard transaction={now} />
        <People transaction={now} />
      </SimpleGrid>
      <History transaction={now} />
    </Page>
  );
}

function TermsCard({ transaction: now }: { transaction: Transaction }) {
  const { t } = useTranslation();
  const nameOf = useNames(now);
  const skillName = useSkillName();
  const legs = Object.entries(now.legs).sort(([one], [other]) => one.localeCompare(other));
  return (
    <Paper component="section">
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t("exchange.terms")}
        </Title>
        <Stack component="ul" gap="xs" m={0} p={0} style={{ listStyle: "none" }}>
          {legs.map(([key, leg]) => (
            <li key={key}>
              <Group justify="space-between" wrap="nowrap" align="baseline">
                <Text>
                  <Text component="span" fw={600}>
                    {skillName(leg.skill)}
                  </Text>
                  <Text component="span" c="dimmed" size="sm" ml={8}>
                    {t("exchange.gives", { giver: nameOf(leg.giver), receiver: nameOf(leg.receiver) })}
                  </Text>
                </Text>
                <Text style={{ whiteSpace: "nowrap" }}>{leg.minutes ? duration(leg.minutes) : "?"}</Text>
              </Group>
            </li>
          ))}
        </Stack>
        <Text size="sm">
          {t("exchange.when")}: {now.scheduled_for ? moment(now.scheduled_for) : t("exchange.noDate")} ·{" "}
          {t(now.settlement === "hours" ? "exchange.settlementHours" : "exchange.settlementNone")}
        </Text>
        {now.note && <Text className="written">{now.note}</Text>}
        {now.reason && <Text c="dimmed">{t("exchange.reason", { reason: now.reason })}</Text>}
        {now.state === "proposed" && now.expires_at && (
          <Text size="sm" c="dimmed">
            {t("exchange.expires", { date: day(now.expires_at) })}
          </Text>
        )}
        {now.state === "accepted" && now.finalizes_at && (
          <Text size="sm" c="dimmed">
            {t("exchange.finalizes", { date: day(now.finalizes_at) })}
          </Text>
        )}
        {now.reverses_id && (
          <Anchor component={Link} to={`/transactions/${now.reverses_id}`} size="sm">
            {t("exchange.reverses")}
          </Anchor>
        )}
        {now.reversed_by && (
          <Anchor component={Link} to={`/transactions/${now.reversed_by}`} size="sm">
            {t("exchange.reversedBy")}
          </Anchor>
        )}
      </Stack>
    </Paper>
  );
}

function People({ transaction: now }: { transaction: Transaction }) {
  const { t } = useTranslation();
  const nameOf = useNames(now);
  const hasAccepted = (id: string) =>
    now.acceptances.some((one) => one.user === id && one.terms_rev === now.terms_rev);
  const said = (id: string) => {
    if (now.confirmations.some((one) => one.user === id)) return t("exchange.confirmed");
    if (hasAccepted(id)) return t("exchange.accepted");
    return now.state === "proposed" ? t("exchange.pending") : "";
  };
  return (
    <Paper component="section">
      <Stack gap="sm">
        <Title order={2} size="h4">
          {t("exchange.people")}
        </Title>
        {now.participants.map((one) => (
          <Group key={one.id} justify="space-between" wrap="nowrap">
            <Group gap="sm" wrap="nowrap">
              <Avatar name={one.display_name} color="initials" size="sm" aria-hidden />
              <Anchor component={Link} to={one.id === session().id ? "/me" : `/people/${one.id}`}>
                {nameOf(one.id)}
              </Anchor>
            </Group>
            <Text size="sm" c="dimmed">
              {said(one.id)}
            </Text>
          </Group>
        ))}
      </Stack>
    </Paper>
  );
}
