import { Alert, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useNavigate, useParams } from "react-router";
import { isMissing } from "../../api/problem";
import { transaction } from "../../api/queries";
import type { Transaction } from "../../api/types";
import { Missing } from "../../app/RouteError";
import { useAnnounce } from "../../components/announce";
import { useNames } from "../../components/exchange";
import { Page } from "../../components/Page";
import { Failure, ListSkeleton } from "../../components/States";
import { useExchangeAct } from "./acts";
import { Differences } from "./Differences";
import { Fields } from "./Fields";
import { missing, termsOf } from "./terms";
import { type Editing, useEditing } from "./useEditing";

/** Writes a draft, which is saved as one types, or a counter-offer, which is sent. */
export function Editor() {
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useQuery(transaction(id));
  if (isMissing(error)) return <Missing />;
  if (isPending) return <ListSkeleton rows={3} height={120} />;
  if (!data) return <Failure error={error} onRetry={() => void refetch()} />;
  const isWritable = ["edit", "revise", "amend"].some((name) => data.allowed_actions.includes(name));
  if (!isWritable) return <Navigate to={`/transactions/${id}`} replace />;
  return data.state === "draft" ? (
    <Draft key={id} transaction={data} />
  ) : (
    <Revision key={id} transaction={data} />
  );
}

function Draft({ transaction: now }: { transaction: Transaction }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const navigate = useNavigate();
  const editing = useEditing(now, { isAutomatic: true });
  const propose = useExchangeAct(now.id, async () => {
    announce(t("exchange.done.propose"));
    await navigate(`/transactions/${now.id}`, { replace: true });
  });
  const lacking = missing(editing.terms);
  const status = {
    saved: t("exchange.savedDraft"),
    unsaved: t("exchange.unsaved"),
    saving: t("exchange.saving"),
  };
  return (
    <Page
      title={t("exchange.editTitle")}
      actions={
        <Text size="sm" c="dimmed" role="status" data-testid="save-state">
          {editing.error ? t("exchange.notSaved") : status[editing.status]}
        </Text>
      }
    >
      <Conflict transaction={now} editing={editing} />
      <Failure error={editing.error ?? propose.error} />
      <Fields transaction={now} terms={editing.terms} onChange={editing.change} arePeopleFixed={false} />
      <Paper>
        <Group justify="space-between">
          <Text size="sm" c="dimmed">
            {lacking.length > 0 &&
              t("exchange.missingFields", {
                fields: lacking.map((field) => t(`exchange.fields.${field}`)).join(", "),
              })}
          </Text>
          <Group>
            <Button component={Link} variant="default" to={`/transactions/${now.id}`}>
              {t("exchange.view")}
            </Button>
            <Button
              loading={propose.isRunning}
              disabled={editing.status !== "saved" || !now.allowed_actions.includes("propose")}
              onClick={() => void propose.run({ name: "propose" })}
            >
              {t("exchange.actions.propose")}
            </Button>
          </Group>
        </Group>
      </Paper>
    </Page>
  );
}

function Revision({ transaction: now }: { transaction: Transaction }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const navigate = useNavigate();
  const queries = useQueryClient();
  const isAmendment = now.state === "accepted";
  const editing = useEditing(now, {
    isAutomatic: false,
    onSaved: async () => {
      announce(t(isAmendment ? "exchange.done.amend" : "exchange.done.revise"));
      await navigate(`/transactions/${now.id}`, { replace: true });
      await queries.invalidateQueries({ queryKey: ["transactions"] });
    },
  });
  return (
    <Page title={t(isAmendment ? "exchange.amendTitle" : "exchange.reviseTitle")}>
      <Conflict transaction={now} editing={editing} />
      <Failure error={editing.error} />
      <Fields transaction={now} terms={editing.terms} onChange={editing.change} arePeopleFixed />
      <Group justify="flex-end">
        <Button
          component={Link}
          variant="default"
          to={`/transactions/${now.id}`}
          onClick={() => editing.takeTheirs()}
        >
          {t("app.cancel")}
        </Button>
        <Button
          loading={editing.status === "saving"}
          disabled={editing.status === "saved" || editing.isConflict}
          onClick={() => void editing.save()}
        >
          {t(isAmendment ? "exchange.sendAmendment" : "exchange.sendRevision")}
        </Button>
      </Group>
    </Page>
  );
}

/** Somebody else, or the writer in another window, saved something else meanwhile. */
function Conflict({ transaction: now, editing }: { transaction: Transaction; editing: Editing }) {
  const { t } = useTranslation();
  const nameOf = useNames(now);
  if (!editing.isConflict) return null;
  return (
    <Alert color="orange" title={t("exchange.elsewhereTitle")} role="alert">
      <Stack gap="sm">
        <Text size="sm">{t("exchange.elsewhere")}</Text>
        <Differences
          before={editing.terms}
          after={termsOf(now)}
          nameOf={nameOf}
          labels={[t("exchange.keepMine"), t("exchange.takeTheirs")]}
        />
        <Group>
          <Button size="xs" onClick={editing.keepMine}>
            {t("exchange.keepMine")}
          </Button>
          <Button size="xs" variant="default" onClick={editing.takeTheirs}>
            {t("exchange.takeTheirs")}
          </Button>
        </Group>
      </Stack>
    </Alert>
  );
}
