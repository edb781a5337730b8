import { Anchor, Badge, Button, Group, Paper, SegmentedControl, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { api, etag, value } from "../api/client";
import { notifications } from "../api/queries";
import type { Notification } from "../api/types";
import { useAct } from "../api/useAct";
import { Page } from "../components/Page";
import { Pages } from "../components/Pages";
import { Failure, Message } from "../components/States";
import { moment } from "../format";

/** What the reader was told, and what became of its mail. */
export function Inbox() {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [search, setSearch] = useSearchParams();
  const onlyUnread = search.has("unread");
  const query = useInfiniteQuery(notifications(onlyUnread));
  const again = () => queries.invalidateQueries({ queryKey: ["notifications"] });
  const readAll = useAct(
    (_: number, key) =>
      api.POST("/v1/notifications/read-all", { params: { header: { "Idempotency-Key": key } } }),
    again,
  );
  const unread = query.data?.pages[0]?.unread ?? 0;
  return (
    <Page
      title={t("inbox.title")}
      actions={
        <Button
          variant="default"
          disabled={unread === 0}
          loading={readAll.isRunning}
          onClick={() => void readAll.run(unread)}
        >
          {t("inbox.readAll")}
        </Button>
      }
    >
      <SegmentedControl
        aria-label={t("inbox.title")}
        data={[
          { value: "all", label: t("inbox.all") },
          { value: "unread", label: `${t("inbox.unread")} (${unread})` },
        ]}
        value={onlyUnread ? "unread" : "all"}
        onChange={(value) => setSearch(value === "unread" ? { unread: "" } : {}, { replace: true })}
      />
      <Failure error={readAll.error} />
      <Pages query={query} empty={<Message title={t("inbox.none")} text={t("inbox.noneText")} />}>
        {(items) => (
          <>
            {items.map((one) => (
              <Told key={one.id} notification={one} onChange={again} />
            ))}
          </>
        )}
      </Pages>
    </Page>
  );
}

/** Where one can see what it is about. */
function placeOf({ template, subject }: Notification): string {
  switch (template) {
    case "welcome":
      return "/me";
    case "soft-limit":
      return "/hours";
    case "weekly-digest":
      return "/";
    case "coordinators-brief":
      return "/analytics";
    case "offering-expires":
      return `/offerings/${subject}?renew`;
    default:
      return `/transactions/${subject}`;
  }
}

function Told({ notification: one, onChange }: { notification: Notification; onChange: () => unknown }) {
  const { t } = useTranslation();
  const mark = useAct(
    (read: boolean) =>
      value(
        api.PATCH("/v1/notifications/{id}", {
          params: { path: { id: one.id }, header: { "If-Match": etag(one.version) } },
          body: { read },
          headers: { "content-type": "application/merge-patch+json" },
        }),
      ),
    onChange,
  );
  const act = async (read: boolean) => {
    // It may have been read in another window, or its mail may have been sent meanwhile: the list is loaded again.
    if (!(await mark.run(read))) onChange();
  };
  return (
    <Paper p="md">
      <Group justify="space-between" align="flex-start" gap="xs">
        <Stack gap={2} miw={0} flex="1 1 240px">
          <Group gap="xs">
            <Anchor
              component={Link}
              to={placeOf(one)}
              fw={one.read ? 400 : 700}
              onClick={() => {
                if (!one.read) void act(true);
              }}
            >
              {t(`inbox.templates.${one.template}`)}
            </Anchor>
            {!one.read && (
              <Badge size="sm" variant="filled">
                {t("inbox.isUnread")}
              </Badge>
            )}
          </Group>
          <Text size="sm" c="dimmed">
            {moment(one.created_at)} · {t(`inbox.mail.${one.status}`)}
          </Text>
        </Stack>
        <Button size="xs" variant="subtle" loading={mark.isRunning} onClick={() => void act(!one.read)}>
          {t(one.read ? "inbox.markUnread" : "inbox.markRead")}
        </Button>
      </Group>
    </Paper>
  );
}
