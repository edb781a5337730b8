import {
  Alert,
  Button,
  Center,
  Group,
  Loader,
  Skeleton,
  Stack,
  Text,
  Title,
  VisuallyHidden,
} from "@mantine/core";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, LoggedOut, Offline } from "../api/problem";
import type { en } from "../i18n/en";

export function Loading() {
  const { t } = useTranslation();
  return (
    <Center mih={240} role="status">
      <Loader />
      <VisuallyHidden>{t("app.loading")}</VisuallyHidden>
    </Center>
  );
}

/** Where a list will be. */
export function ListSkeleton({ rows = 4, height = 76 }: { rows?: number; height?: number }) {
  const { t } = useTranslation();
  return (
    <Stack gap="sm" role="status" aria-label={t("app.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <Skeleton key={row} height={height} radius="lg" />
      ))}
    </Stack>
  );
}

interface MessageProps {
  title: string;
  text: string;
  isPage?: boolean;
  children?: ReactNode;
}

/** A place where nothing is, and what to do about it. */
export function Message({ title, text, isPage = false, children }: MessageProps) {
  return (
    <Stack align="center" gap="sm" py={isPage ? 80 : 40} ta="center">
      <Title order={isPage ? 1 : 3} size="h3">
        {title}
      </Title>
      <Text c="dimmed" maw={460}>
        {text}
      </Text>
      {children}
    </Stack>
  );
}

type ErrorKey = keyof (typeof en)["errors"];

const WORDS: Record<string, ErrorKey> = {
  "not-a-member": "notAMember",
  "not-enough-hours": "notEnoughHours",
  "too-many-open-proposals": "tooManyOpenProposals",
  "wrong-state": "wrongState",
  "terms-changed": "termsChanged",
  "already-reversed": "alreadyReversed",
  "participant-unavailable": "participantUnavailable",
  "reason-required": "reasonRequired",
  incomplete: "incomplete",
  "offering-exists": "offeringExists",
  "offering-ended": "offeringEnded",
  "expiry-out-of-range": "expiryOutOfRange",
  "skill-exists": "skillExists",
  "already-proposed": "alreadyProposed",
  "too-many-proposals": "tooManyProposals",
  "unusable-name": "unusableName",
  "catalogue-full": "catalogueFull",
  "proposal-decided": "proposalDecided",
  "email-taken": "emailTaken",
  "email-not-verified": "emailNotVerified",
  "wrong-status": "wrongStatus",
  "not-yourself": "notYourself",
  "erasure-under-way": "erasureUnderWay",
  "redrive-in-progress": "redriveInProgress",
  "export-under-way": "exportUnderWay",
  "too-many-exports": "tooManyExports",
  "export-not-ready": "exportNotReady",
};

/** What a refusal means for who reads it; null where another part of the page tells of it. */
export function useWords(): (error: unknown) => string | null {
  const { t } = useTranslation();
  return (error) => {
    if (!error || error instanceof LoggedOut) return null;
    if (error instanceof Offline) return t("errors.offline");
    if (!(error instanceof ApiError)) return t("errors.failed");
    if (error.retryAfterIsWise) return t("errors.busy");
    if (error.status === 412) return t("errors.stale");
    const key = WORDS[error.code];
    if (key) return t(`errors.${key}`);
    if (error.status === 404) return t("errors.missing");
    // The service's own words name the field and the rule.
    return error.status === 422 ? error.problem.detail || error.problem.title : t("errors.failed");
  };
}

export function Failure({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useTranslation();
  const words = useWords()(error);
  if (!words) return null;
  return (
    <Alert color="red" variant="light" role="alert" title={t("errors.failedTitle")}>
      <Group justify="space-between">
        <Text size="sm">{words}</Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            {t("app.tryAgain")}
          </Button>
        )}
      </Group>
    </Alert>
  );
}
