import { Button, Group, Modal, Paper, Stack, Text, Textarea, VisuallyHidden } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { api, etag } from "../../api/client";
import type { Transaction } from "../../api/types";
import { useAct } from "../../api/useAct";
import { useAnnounce } from "../../components/announce";
import { Failure } from "../../components/States";
import { type Action, useExchangeAct } from "./acts";

const WRITTEN = ["edit", "revise", "amend"] as const;
const ASKED = ["decline", "cancel", "reverse", "delete"] as const;
type Asked = (typeof ASKED)[number];

interface ActionsProps {
  transaction: Transaction;
  readRevision: number;
  hasChanged: boolean;
  onOwnChange: (now: Transaction) => void;
}

/** Exactly what the service says is allowed. */
export function Actions({ transaction: now, readRevision, hasChanged, onOwnChange }: ActionsProps) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked | null>(null);
  const act = useExchangeAct(now.id, async (after, action) => {
    announce(t(`exchange.done.${action.name}`));
    setAsked(null);
    if (action.name === "reverse") await navigate(`/transactions/${after.id}`);
    else onOwnChange(after);
  });
  const remove = useAct(
    (version: number) =>
      api.DELETE("/v1/transactions/{id}", {
        params: { path: { id: now.id }, header: { "If-Match": etag(version) } },
      }),
    async () => {
      announce(t("exchange.done.delete"));
      await navigate("/transactions", { replace: true });
      queries.removeQueries({ queryKey: ["transactions", now.id] });
      await queries.invalidateQueries({ queryKey: ["transactions", "list"] });
    },
  );
  const may = (name: string) => now.allowed_actions.includes(name);
  const isBusy = act.isRunning || remove.isRunning;
  const direct = (action: Action, isLocked: boolean) => (
    <Button loading={act.isRunning} disabled={isLocked} onClick={() => void act.run(action)}>
      {t(`exchange.actions.${action.name}`)}
    </Button>
  );
  return (
    <Paper component="section" aria-label={t("exchange.actionsTitle")}>
      <Stack gap="sm">
        <Failure error={act.error ?? remove.error} />
        <Group>
          {may("accept") && direct({ name: "accept", terms_rev: readRevision }, hasChanged)}
          {may("finalize") && direct({ name: "finalize", terms_rev: readRevision }, hasChanged)}
          {may("propose") && direct({ name: "propose" }, false)}
          {WRITTEN.filter(may).map((name) => (
            <Button key={name} component={Link} variant="light" to={`/transactions/${now.id}/edit`}>
              {t(`exchange.actions.${name}`)}
            </Button>
          ))}
          {ASKED.filter(may).map((name) => (
            <Button key={name} variant="default" disabled={isBusy} onClick={() => setAsked(name)}>
              {t(`exchange.actions.${name}`)}
            </Button>
          ))}
          {now.allowed_actions.length === 0 && <Text c="dimmed">{t("exchange.nothingToDo")}</Text>}
          {hasChanged && <VisuallyHidden>{t("exchange.changedText")}</VisuallyHidden>}
        </Group>
      </Stack>
      <Modal
        opened={asked !== null}
        onClose={() => setAsked(null)}
        title={asked ? t(`exchange.sure.${asked}`) : ""}
        closeButtonProps={{ "aria-label": t("app.close") }}
      >
        {asked && (
          <Question
            asked={asked}
            isReasonNeeded={asked === "reverse" || (asked === "cancel" && now.state === "accepted")}
            isRunning={isBusy}
            error={act.error ?? remove.error}
            onNo={() => setAsked(null)}
            onYes={(reason) => {
              if (asked === "delete") void remove.run(now.version);
              else if (asked === "reverse") void act.run({ name: "reverse", reason });
              else void act.run({ name: asked, reason: reason || null });
            }}
          />
        )}
      </Modal>
    </Paper>
  );
}

interface QuestionProps {
  asked: Asked;
  isReasonNeeded: boolean;
  isRunning: boolean;
  error: unknown;
  onNo: () => void;
  onYes: (reason: string) => void;
}

function Question({ asked, isReasonNeeded, isRunning, error, onNo, onYes }: QuestionProps) {
  const { t } = useTranslation();
  const [reason, setReason] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onYes(reason.trim());
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{t(`exchange.sureText.${asked}`)}</Text>
        <Failure error={error} />
        {asked !== "delete" && (
          <Textarea
            label={t("exchange.reasonLabel")}
            description={isReasonNeeded ? t("exchange.reasonHint") : t("exchange.optional")}
            required={isReasonNeeded}
            maxLength={500}
            autosize
            minRows={2}
            value={reason}
            onChange={(event) => setReason(event.currentTarget.value)}
          />
        )}
        <Group justify="flex-end">
          <Button variant="default" onClick={onNo}>
            {t("app.back")}
          </Button>
          <Button type="submit" color="red.9" loading={isRunning}>
            {t(`exchange.actions.${asked}`)}
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
