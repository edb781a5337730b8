import { Anchor, Badge, Group, Paper, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Offering } from "../api/types";
import { day } from "../format";
import { useSkillName } from "./skills";

interface OfferingCardProps {
  offering: Offering;
  withOwner?: boolean;
  children?: ReactNode;
}

export function OfferingCard({ offering, withOwner = false, children }: OfferingCardProps) {
  const { t } = useTranslation();
  const skillName = useSkillName();
  return (
    <Paper p="md">
      <Group justify="space-between" align="flex-start">
        <Stack gap={4} miw={0} flex="1 1 240px">
          <Group gap="xs">
            <Anchor component={Link} to={`/offerings/${offering.id}`} fw={600}>
              {skillName(offering.skill)}
            </Anchor>
            <Badge color={offering.kind === "offer" ? "lagoon" : "blue"}>
              {t(`offering.${offering.kind}`)}
            </Badge>
            <Badge color="gray">{t(`offering.${offering.modality}`)}</Badge>
            {offering.status !== "active" && <Badge color="orange">{t(`offering.${offering.status}`)}</Badge>}
          </Group>
          {offering.text && (
            <Text size="sm" className="written">
              {offering.text}
            </Text>
          )}
          <Group gap="sm">
            {withOwner && (
              <Anchor component={Link} to={`/people/${offering.owner}`} size="sm">
                {offering.owner_name}
              </Anchor>
            )}
            {offering.expires_at && (
              <Text size="sm" c="dimmed">
                {t("offering.until", { date: day(offering.expires_at) })}
              </Text>
            )}
          </Group>
        </Stack>
        {children}
      </Group>
    </Paper>
  );
}
