import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect } from "react";
import { api, etag, value } from "../../api/client";
import { ApiError } from "../../api/problem";
import { transaction } from "../../api/queries";
import type { Transaction, TransactionPatch } from "../../api/types";
import { useAct } from "../../api/useAct";
import { useKept } from "../../components/useKept";
import { isEmpty, patchOf, type Terms, termsOf } from "./terms";

const PAUSE_MILLISECONDS = 600;

/** What was typed and is not saved, with the version it was typed over. */
interface Unsaved {
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

/**
 * Writes over a version and never over another: each save says which one it was typed over (`If-Match`), and where that
 * is no longer the present one, the writer decides. What is not saved outlives this page in the tab.
 */
export function useEditing(
  now: Transaction,
  { isAutomatic, onSaved }: { isAutomatic: boolean; onSaved?: () => unknown },
): Editing {
  const queries = useQueryClient();
  const [unsaved, keep] = useKept<Unsaved>(`exchange.${now.id}`);
  const act = useAct(({ patch, version }: { patch: TransactionPatch; version: number; terms: Terms }) =>
    value(
      api.PATCH("/v1/transactions/{id}", {
        params: { path: { id: now.id }, header: { "If-Match": etag(version) } },
        body: patch,
        headers: { "content-type": "application/merge-patch+json" },
      }),
    ),
  );

  const terms = unsaved?.terms ?? termsOf(now);
  const isConflict = unsaved !== undefined && !act.isRunning && unsaved.version !== now.version;

  const { run } = act;
  const save = useCallback(async () => {
    if (!unsaved) return;
    const patch = patchOf(unsaved.base, unsaved.terms);
    if (isEmpty(patch)) {
      keep(undefined);
      return;
    }
    const saved = await run({ patch, version: unsaved.version, terms: unsaved.terms });
    if (!saved) {
      // 412: the present version comes, differs from the one typed over, and the writer is asked.
      await queries.invalidateQueries({ queryKey: transaction(now.id).queryKey });
      return;
    }
    await queries.cancelQueries({ queryKey: transaction(now.id).queryKey, exact: true });
    queries.setQueryData(transaction(now.id).queryKey, saved);
    // What was typed while this was on its way is typed over the saved one now.
    const latest = readKept(now.id);
    const isMore = latest && JSON.stringify(latest.terms) !== JSON.stringify(unsaved.terms);
    keep(isMore ? { terms: latest.terms, base: termsOf(saved), version: saved.version } : undefined);
    await onSaved?.();
  }, [unsaved, keep, run, queries, now.id, onSaved]);

  const change = useCallback(
    (part: Partial<Terms>) => {
      const over = unsaved ?? { terms: termsOf(now), base: termsOf(now), version: now.version };
      keep({ ...over, terms: { ...over.terms, ...part } });
    },
    [unsaved, keep, now],
  );

  // A refusal of a field is not asked again until something is typed; silence of the network is.
  const isWaiting = isAutomatic && unsaved !== undefined && !isConflict && !act.isRunning;
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is typed begins the pause anew
  useEffect(() => {
    if (!isWaiting) return;
    const timer = setTimeout(() => void save(), PAUSE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [isWaiting, unsaved]);

  const isRefused = act.error instanceof ApiError && act.error.status === 412;
  return {
    terms,
    status: act.isRunning ? "saving" : unsaved ? "unsaved" : "saved",
    isConflict,
    error: isRefused ? null : act.error,
    change,
    save,
    keepMine: () => unsaved && keep({ terms: unsaved.terms, base: termsOf(now), version: now.version }),
    takeTheirs: () => keep(undefined),
  };
}

function readKept(id: string): Unsaved | null {
  return JSON.parse(sessionStorage.getItem(`skillsync.kept.exchange.${id}`) ?? "null") as Unsaved | null;
}
