import { useQueryClient } from "@tanstack/react-query";
import { api, value } from "../../api/client";
import { transaction } from "../../api/queries";
import type { Transaction } from "../../api/types";
import { useAct } from "../../api/useAct";

/** An action on an exchange, with what it needs. */
export type Action =
  | { name: "propose" }
  | { name: "accept" | "finalize"; terms_rev: number }
  | { name: "decline" | "cancel"; reason: string | null }
  | { name: "reverse"; reason: string };

/** Does an action; whatever comes of it, the page shows the present state afterwards. */
export function useExchangeAct(id: string, then?: (now: Transaction, action: Action) => unknown) {
  const queries = useQueryClient();
  const act = useAct(
    (action: Action, key) => perform(id, action, key),
    async (now, action) => {
      queries.setQueryData(transaction(now.id).queryKey, now);
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["transactions"] }),
        queries.invalidateQueries({ queryKey: ["balance"] }),
      ]);
      await then?.(now, action);
    },
  );
  const run = async (action: Action) => {
    const now = await act.run(action);
    if (!now) await queries.invalidateQueries({ queryKey: ["transactions", id] });
  };
  return { ...act, run };
}

function perform(id: string, action: Action, key: string): Promise<Transaction> {
  const params = { path: { id }, header: { "Idempotency-Key": key } };
  switch (action.name) {
    case "propose":
      return value(api.POST("/v1/transactions/{id}/propose", { params }));
    case "accept":
      return value(
        api.POST("/v1/transactions/{id}/accept", { params, body: { terms_rev: action.terms_rev } }),
      );
    case "finalize":
      return value(
        api.POST("/v1/transactions/{id}/finalize", { params, body: { terms_rev: action.terms_rev } }),
      );
    case "decline":
      return value(api.POST("/v1/transactions/{id}/decline", { params, body: { reason: action.reason } }));
    case "cancel":
      return value(api.POST("/v1/transactions/{id}/cancel", { params, body: { reason: action.reason } }));
    case "reverse":
      return value(api.POST("/v1/transactions/{id}/reverse", { params, body: { reason: action.reason } }));
  }
}
