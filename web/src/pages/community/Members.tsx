import {
  Anchor,
  Button,
  Group,
  Modal,
  Paper,
  SegmentedControl,
  Stack,
  Text,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { api, value } from "../../api/client";
import { people } from "../../api/queries";
import type { PublicProfile } from "../../api/types";
import { useAct } from "../../api/useAct";
import { session } from "../../auth/session";
import { useAnnounce } from "../../components/announce";
import { Page } from "../../components/Page";
import { Pages } from "../../components/Pages";
import { Failure, Message } from "../../components/States";

/** Where a coordinator suspends a member, and takes that back. */
export function Members() {
  const { t } = useTranslation();
  const [shown, setShown] = useState<"all" | "suspended">("all");
  const [typed, setTyped] = useState("");
  const [settled] = useDebouncedValue(typed.trim(), 300);
  const isSuspended = shown === "suspended";
  const query = useInfiniteQuery(people(isSuspended ? { status: "suspended" } : { q: settled || undefined }));
  const [asked, setAsked] = useState<PublicProfile | null>(null);
  return (
    <Page title={t("community.membersTitle")}>
      <Group align="flex-end">
        <SegmentedControl
          aria-label={t("community.membersTitle")}
          data={[
            { value: "all", label: t("community.membersAll") },
            { value: "suspended", label: t("community.membersSuspended") },
          ]}
          value={shown}
          onChange={(next) => setShown(next as "all" | "suspended")}
        />
        {!isSuspended && (
          <TextInput
            type="search"
            label={t("find.search")}
            maxLength={100}
            flex="1 1 200px"
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Group>
      <Pages query={query} empty={<Message title={t("community.noMembers")} text={t("find.nothingText")} />}>
        {(items) => (
          <>
            {items.map((one) => (
              <Paper key={one.id} p="md">
                <Group justify="space-between">
                  <Anchor component={Link} to={`/people/${one.id}`}>
                    {nameOf(one)}
                  </Anchor>
                  {isSuspended && <Reinstate member={one} />}
                  {!isSuspended && one.id !== session().id && (
                    <Button size="xs" variant="default" onClick={() => setAsked(one)}>
                      {t("community.suspend")}
                    </Button>
                  )}
                </Group>
              </Paper>
            ))}
          </>
        )}
      </Pages>
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={asked ? t("community.suspendTitle", { name: nameOf(asked) }) : ""}
        closeButtonProps={{ "aria-label": t("app.close") }}
      >
        {asked && <Suspend member={asked} onDone={() => setAsked(null)} />}
      </Modal>
    </Page>
  );
}

function nameOf(member: PublicProfile): string {
  return member.display_name || `${member.first_name} ${member.last_name}`;
}

function Suspend({ member, onDone }: { member: PublicProfile; onDone: () => void }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const suspend = useAct(
    (text: string, key) =>
      value(
        api.POST("/v1/users/{id}/suspend", {
          params: { path: { id: member.id }, header: { "Idempotency-Key": key } },
          body: { reason: text },
        }),
      ),
    async () => {
      announce(t("community.suspendedNow", { name: nameOf(member) }));
      onDone();
      await queries.invalidateQueries({ queryKey: ["people"] });
    },
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void suspend.run(reason.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{t("community.suspendText")}</Text>
        <Failure error={suspend.error} />
        <Textarea
          label={t("community.reason")}
          required
          maxLength={500}
          autosize
          minRows={2}
          value={reason}
          onChange={(event) => setReason(event.currentTarget.value)}
        />
        <Group justify="flex-end">
          <Button variant="default" onClick={onDone}>
            {t("app.cancel")}
          </Button>
          <Button type="submit" color="red.9" loading={suspend.isRunning}>
            {t("community.suspend")}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function Reinstate({ member }: { member: PublicProfile }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const queries = useQueryClient();
  const reinstate = useAct(
    (id: string, key) =>
      value(
        api.POST("/v1/users/{id}/reinstate", {
          params: { path: { id }, header: { "Idempotency-Key": key } },
        }),
      ),
    async () => {
      announce(t("community.reinstatedNow", { name: nameOf(member) }));
      await queries.invalidateQueries({ queryKey: ["people"] });
    },
  );
  return (
    <>
      <Button
        size="xs"
        variant="light"
        loading={reinstate.isRunning}
        onClick={() => void reinstate.run(member.id)}
      >
        {t("community.reinstate")}
      </Button>
      <Failure error={reinstate.error} />
    </>
  );
}
