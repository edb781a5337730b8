import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useState } from "react";
import { api, etag, value } from "../../api/client";
import { ApiError, isPassing } from "../../api/problem";
import { transaction } from "../../api/queries";
import type { Transaction, TransactionPatch } from "../../api/types";
import { useAct } from "../../api/useAct";
import { useKept } from "../../components/useKept";
import { isEmpty, patchOf, type Terms, termsOf } from "./terms";

const PAUSE_MILLISECONDS = 600;
const AGAIN_MILLISECONDS = 5_000;

/** What is written here, what of it was saved, and as which version. */
interface Local {
  terms: Terms;
  base: Terms;
  version: number;
}

export interface Editing {
  terms: Terms;
  status: "saved" | "unsaved" | "saving";
  isConflict: boolean;
  error: unknown;
  change: (part: Partial<Terms>) => void;
  save: () => Promise<void>;
  keepMine: () => void;
  takeTheirs: () => void;
}

interface Options {
  isAutomatic: boolean;
  onSaved?: () => unknown;
}

/**
 * Writes over a version and never over another: each save says which one it was typed over (`If-Match`), and where that
 * is no longer the present one, the writer decides. What is not saved outlives this page in the tab.
 */
export function useEditing(now: Transaction, { isAutomatic, onSaved }: Options): Editing {
  const queries = useQueryClient();
  const name = `exchange.${now.id}`;
  const [local, keep, readLocal] = useKept<Local>(name);
  const [refused, setRefused] = useState<Local | null>(null);
  const act = useAct(({ patch, version }: { patch: TransactionPatch; version: number }) =>
    value(
      api.PATCH("/v1/transactions/{id}", {
        params: { path: { id: now.id }, header: { "If-Match": etag(version) } },
        body: patch,
        headers: { "content-type": "application/merge-patch+json" },
      }),
    ),
  );

  const isDirty = local !== undefined && !isEmpty(patchOf(local.base, local.terms));
  // What was just saved may be newer here than in the cache.
  const isShown = local !== undefined && (isDirty || local.version >= now.version);
  const isConflict = isDirty && !act.isRunning && now.version > local.version;

  const { run } = act;
  const save = useCallback(async () => {
    if (!local) return;
    const saved = await run({ patch: patchOf(local.base, local.terms), version: local.version });
    if (!saved) {
      setRefused(local);
      // 412: the present version comes, differs from the one typed over, and the writer is asked.
      await queries.invalidateQueries({ queryKey: transaction(now.id).queryKey });
      return;
    }
    await queries.cancelQueries({ queryKey: transaction(now.id).queryKey, exact: true });
    queries.setQueryData(transaction(now.id).queryKey, saved);
    // What was typed while this was on its way is typed over the saved one now.
    keep({ terms: readLocal()?.terms ?? local.terms, base: local.terms, version: saved.version });
    if (onSaved) {
      keep(undefined);
      await onSaved();
    }
  }, [local, keep, readLocal, run, queries, now.id, onSaved]);

  // A refusal is not asked for again until something is typed; an answer that did not come is, after a while.
  const isWaiting = isAutomatic && isDirty && !isConflict && !act.isRunning;
  const pause = refused !== local ? PAUSE_MILLISECONDS : isPassing(act.error) ? AGAIN_MILLISECONDS : null;
  useEffect(() => {
    if (!isWaiting || pause === null) return;
    const timer = setTimeout(() => void save(), pause);
    return () => clearTimeout(timer);
  }, [isWaiting, pause, save]);

  const isStale = act.error instanceof ApiError && act.error.status === 412;
  return {
    terms: isShown ? local.terms : termsOf(now),
    status: act.isRunning ? "saving" : isDirty ? "unsaved" : "saved",
    isConflict,
    error: isStale ? null : act.error,
    change: (part) => {
      const over = isShown ? local : { terms: termsOf(now), base: termsOf(now), version: now.version };
      keep({ ...over, terms: { ...over.terms, ...part } });
    },
    save,
    keepMine: () => local && keep({ terms: local.terms, base: termsOf(now), version: now.version }),
    takeTheirs: () => keep(undefined),
  };
}
