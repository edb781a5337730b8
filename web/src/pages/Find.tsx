import { Anchor, Button, Group, Paper, Select, Stack, Tabs, Text, TextInput, Title } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Fragment, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { matches, offerings, people, rings } from "../api/queries";
import type { Kind, Match, Ring } from "../api/types";
import { OfferingCard } from "../components/offering";
import { Page } from "../components/Page";
import { Pages } from "../components/Pages";
import { SkillSelect } from "../components/SkillSelect";
import { Failure, ListSkeleton, Message } from "../components/States";
import { useSkillName } from "../components/skills";

const TABS = ["matches", "offers", "wants", "members"] as const;
type Tab = (typeof TABS)[number];
const PAUSE_MILLISECONDS = 300;

/** What is looked for stands in the address: the way back leads to the same results. */
export function Find() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const tab = TABS.find((one) => one === search.get("tab")) ?? "matches";
  return (
    <Page title={t("find.title")}>
      <Tabs value={tab} onChange={(next) => setSearch({ tab: next ?? "matches" })} keepMounted={false}>
        <Tabs.List>
          {TABS.map((one) => (
            <Tabs.Tab key={one} value={one}>
              {t(`find.${one}`)}
            </Tabs.Tab>
          ))}
        </Tabs.List>
        {TABS.map((one) => (
          <Tabs.Panel key={one} value={one} pt="md">
            <Panel tab={one} />
          </Tabs.Panel>
        ))}
      </Tabs>
    </Page>
  );
}

function Panel({ tab }: { tab: Tab }) {
  if (tab === "matches") return <Matches />;
  if (tab === "members") return <Members />;
  return <Offerings kind={tab === "offers" ? "offer" : "want"} />;
}

/** The words that are typed, in the address after a pause. */
function useWords(): [string, (text: string) => void, string | undefined] {
  const [search, setSearch] = useSearchParams();
  const [typed, setTyped] = useState(search.get("q") ?? "");
  const [settled] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  useEffect(() => {
    setSearch((now) => changed(now, "q", settled), { replace: true });
  }, [settled, setSearch]);
  return [typed, setTyped, settled || undefined];
}

function changed(search: URLSearchParams, name: string, value: string | null): URLSearchParams {
  const next = new URLSearchParams(search);
  if (value) next.set(name, value);
  else next.delete(name);
  return next;
}

/** Those who match directly, then rings: who lacks the one may have the other. */
function Matches() {
  const { t } = useTranslation();
  const direct = useQuery(matches());
  const ofThree = useQuery(rings());
  if (direct.isPending || ofThree.isPending) return <ListSkeleton />;
  const [found, round] = [direct.data?.items ?? [], ofThree.data?.items ?? []];
  const error = direct.error ?? ofThree.error;
  if (!error && found.length === 0 && round.length === 0) {
    return (
      <Message title={t("find.noMatches")} text={t("find.noMatchesText")}>
        <Button component={Link} to="/me" variant="light">
          {t("find.toProfile")}
        </Button>
      </Message>
    );
  }
  const again = () => Promise.all([direct.refetch(), ofThree.refetch()]);
  return (
    <Stack gap="sm">
      <Failure error={error} onRetry={() => void again()} />
      {found.map((match) => (
        <MatchCard key={match.user} match={match} />
      ))}
      {round.length > 0 && (
        <>
          <Title order={2} size="h4" mt={found.length > 0 ? "md" : 0}>
            {t("find.rings")}
          </Title>
          <Text c="dimmed">{t("find.ringsText")}</Text>
          {round.map((ring) => (
            <RingCard key={ring.members.map((one) => one.user).join()} ring={ring} />
          ))}
        </>
      )}
    </Stack>
  );
}

function MatchCard({ match }: { match: Match }) {
  const { t } = useTranslation();
  const skillName = useSkillName();
  return (
    <Paper p="md">
      <Group justify="space-between">
        <Stack gap={2}>
          <Anchor component={Link} to={`/people/${match.user}`} fw={600}>
            {match.display_name}
          </Anchor>
          <Text size="sm">
            {t("find.theyOffer")}: {match.offers.map(skillName).join(", ")}
          </Text>
          <Text size="sm">
            {t("find.theyWant")}: {match.wants.map(skillName).join(", ")}
          </Text>
        </Stack>
        <Button
          component={Link}
          variant="light"
          to={`/transactions/new?kind=swap&with=${match.user}&gets=${match.offers[0] ?? ""}&gives=${match.wants[0] ?? ""}`}
        >
          {t("profile.proposeTo")}
        </Button>
      </Group>
    </Paper>
  );
}

/** Who gives what to whom, from the reader round to the reader. */
function RingCard({ ring }: { ring: Ring }) {
  const { t } = useTranslation();
  const skillName = useSkillName();
  const names = new Map(ring.members.map((one) => [one.user, one.display_name]));
  const nameOf = (id: string) => names.get(id) ?? t("app.you");
  const [partner, third] = ring.members;
  const [gives, between, gets] = ring.legs.map((leg) => leg.skills[0] ?? "");
  return (
    <Paper p="md">
      <Group justify="space-between">
        <Stack gap={2}>
          <Text fw={600}>
            {ring.members.map((one, place) => (
              <Fragment key={one.user}>
                {place > 0 && ", "}
                <Anchor component={Link} to={`/people/${one.user}`} fw={600}>
                  {one.display_name}
                </Anchor>
              </Fragment>
            ))}
          </Text>
          {ring.legs.map((leg) => (
            <Text key={leg.giver} size="sm">
              {t("exchange.gives", { giver: nameOf(leg.giver), receiver: nameOf(leg.receiver) })}:{" "}
              {leg.skills.map(skillName).join(", ")}
            </Text>
          ))}
        </Stack>
        <Button
          component={Link}
          variant="light"
          to={`/transactions/new?kind=ring&with=${partner?.user}&third=${third?.user}&gives=${gives}&between=${between}&gets=${gets}`}
        >
          {t("find.proposeRing")}
        </Button>
      </Group>
    </Paper>
  );
}

function Offerings({ kind }: { kind: Kind }) {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const [typed, setTyped, q] = useWords();
  const skill = search.get("skill") || undefined;
  const way = search.get("modality");
  const modality = way === "in_person" || way === "remote" ? way : undefined;
  const query = useInfiniteQuery(offerings({ kind, q, skill, modality }));
  const set = (name: string, value: string | null) =>
    setSearch((now) => changed(now, name, value), { replace: true });
  return (
    <Stack>
      <Group align="flex-end" grow preventGrowOverflow={false}>
        <TextInput
          label={t("find.search")}
          placeholder={t("find.searchHint")}
          type="search"
          maxLength={100}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        <SkillSelect
          label={t("offering.skill")}
          placeholder={t("find.anySkill")}
          clearable
          clearButtonProps={{ "aria-label": t("find.anySkill") }}
          value={skill ?? null}
          onChange={(value) => set("skill", value)}
        />
        <Select
          label={t("offering.modality")}
          data={[
            { value: "", label: t("find.anyWay") },
            { value: "in_person", label: t("offering.in_person") },
            { value: "remote", label: t("offering.remote") },
          ]}
          allowDeselect={false}
          value={modality ?? ""}
          onChange={(value) => set("modality", value)}
        />
      </Group>
      <Pages query={query} empty={<Message title={t("find.nothing")} text={t("find.nothingText")} />}>
        {(items) => (
          <>
            <Text size="sm" c="dimmed" role="status">
              {t("find.loaded", { count: items.length })}
            </Text>
            {items.map((one) => (
              <OfferingCard key={one.id} offering={one} withOwner />
            ))}
          </>
        )}
      </Pages>
    </Stack>
  );
}

function Members() {
  const { t } = useTranslation();
  const [typed, setTyped, q] = useWords();
  const query = useInfiniteQuery(people({ q }));
  return (
    <Stack>
      <TextInput
        label={t("find.search")}
        placeholder={t("find.searchMembers")}
        type="search"
        maxLength={100}
        value={typed}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Pages query={query} empty={<Message title={t("find.nothing")} text={t("find.nothingText")} />}>
        {(items) => (
          <>
            {items.map((one) => (
              <Paper key={one.id} component={Link} to={`/people/${one.id}`} className="card-link" p="md">
                <Text fw={600}>{one.display_name || one.first_name}</Text>
                <Text size="sm" c="dimmed" lineClamp={2}>
                  {one.about || t("profile.noAbout")}
                </Text>
              </Paper>
            ))}
          </>
        )}
      </Pages>
    </Stack>
  );
}
