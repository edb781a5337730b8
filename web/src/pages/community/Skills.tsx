import { Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, value } from "../../api/client";
import { skillProposals } from "../../api/queries";
import type { SkillProposal } from "../../api/types";
import { useAct } from "../../api/useAct";
import { session } from "../../auth/session";
import { useAnnounce } from "../../components/announce";
import { Page } from "../../components/Page";
import { Pages } from "../../components/Pages";
import { Failure, Message } from "../../components/States";
import { categoryName } from "../../components/skills";
import { day } from "../../format";

/** What members propose for the catalogue, and a coordinator's yes or no. */
export function Skills() {
  const { t } = useTranslation();
  const query = useInfiniteQuery(skillProposals("open"));
  return (
    <Page title={t("community.skillsTitle")}>
      <Pages
        query={query}
        empty={<Message title={t("community.noSkills")} text={t("offering.proposeHint")} />}
      >
        {(items) => (
          <>
            {items.map((one) => (
              <Proposed key={one.id} proposal={one} />
            ))}
          </>
        )}
      </Pages>
    </Page>
  );
}

function Proposed({ proposal }: { proposal: SkillProposal }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const queries = useQueryClient();
  const decide = useAct(
    (isYes: boolean, key) => {
      const params = { path: { id: proposal.id }, header: { "Idempotency-Key": key } };
      return isYes
        ? value(api.POST("/v1/skills/proposals/{id}/approve", { params }))
        : value(api.POST("/v1/skills/proposals/{id}/decline", { params }));
    },
    async (_, isYes) => {
      announce(t(isYes ? "community.approved" : "community.declined", { name: proposal.name }));
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["proposals"] }),
        queries.invalidateQueries({ queryKey: ["skills"] }),
      ]);
    },
  );
  return (
    <Paper p="md">
      <Group justify="space-between">
        <Stack gap={0}>
          <Text fw={600}>{proposal.name}</Text>
          <Text size="sm" c="dimmed">
            {categoryName(proposal.category)} · {day(proposal.created_at)}
          </Text>
        </Stack>
        {proposal.author === session().id ? (
          <Text size="sm" c="dimmed">
            {t("community.own")}
          </Text>
        ) : (
          <Group gap="xs">
            <Button size="xs" loading={decide.isRunning} onClick={() => void decide.run(true)}>
              {t("community.approve")}
            </Button>
            <Button
              size="xs"
              variant="default"
              loading={decide.isRunning}
              onClick={() => void decide.run(false)}
            >
              {t("community.decline")}
            </Button>
          </Group>
        )}
      </Group>
      <Failure error={decide.error} />
    </Paper>
  );
}
