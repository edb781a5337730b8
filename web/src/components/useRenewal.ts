import { useQueryClient } from "@tanstack/react-query";
import { api, value } from "../api/client";
import { offering as query } from "../api/queries";
import type { Offering } from "../api/types";
import { useAct } from "../api/useAct";

const DAY_MILLISECONDS = 86_400_000;
// How long the users service makes an offering last anew.
const USUAL_LIFE = 180 * DAY_MILLISECONDS;
// A mail tells of the end a week ahead.
const SOON = 8 * DAY_MILLISECONDS;

/** Makes an offering of the reader's last for another half year. */
export function useRenewal(offering: Offering) {
  const queries = useQueryClient();
  return useAct(
    (_: number, key) =>
      value(
        api.POST("/v1/offerings/{id}/renew", {
          params: { path: { id: offering.id }, header: { "Idempotency-Key": key } },
        }),
      ),
    async (renewed) => {
      queries.setQueryData(query(offering.id).queryKey, renewed);
      await queries.invalidateQueries({ queryKey: ["offerings"] });
    },
  );
}

/** Until when it would last if it were renewed now, as an instant. */
export function wouldLastUntil(offering: Offering): string {
  const ends = offering.expires_at ? Date.parse(offering.expires_at) : 0;
  return new Date(Math.max(Date.now() + USUAL_LIFE, ends)).toISOString();
}

export function endsSoon(offering: Offering): boolean {
  return !offering.expires_at || Date.parse(offering.expires_at) - Date.now() < SOON;
}
