import { infiniteQueryOptions, QueryClient, queryOptions } from "@tanstack/react-query";
import { api, value } from "./client";
import { isPassing } from "./problem";
import type { Interval, Kind, MatchList, MeasureName, Modality, RingList, State } from "./types";

/** So often an open page looks whether somebody else has done something. */
const WATCH_MILLISECONDS = 4_000;
const INBOX_MILLISECONDS = 20_000;
const SYSTEM_MILLISECONDS = 3_000;

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 2_000,
        retry: (failures, error) => failures < 4 && isPassing(error),
        retryDelay: (failures) => Math.min(400 * 2 ** failures, 5_000),
        networkMode: "always",
      },
    },
  });
}

const PAGE = 20;
const nextOf = (page: { next: string | null }) => page.next ?? undefined;
const first = undefined as string | undefined;

export const ownProfile = () =>
  queryOptions({ queryKey: ["me"], queryFn: () => value(api.GET("/v1/users/me")), staleTime: 30_000 });

export const ownExports = () =>
  queryOptions({ queryKey: ["exports"], queryFn: () => value(api.GET("/v1/users/me/exports")) });

export const person = (id: string) =>
  queryOptions({
    queryKey: ["people", id],
    queryFn: () => value(api.GET("/v1/users/{id}", { params: { path: { id } } })),
  });

export const personStats = (id: string) =>
  queryOptions({
    queryKey: ["people", id, "stats"],
    queryFn: () => value(api.GET("/v1/users/{id}/stats", { params: { path: { id } } })),
  });

export interface PeopleFilter {
  q?: string;
  status?: "suspended";
}

export const people = (filter: PeopleFilter) =>
  infiniteQueryOptions({
    queryKey: ["people", "list", filter],
    queryFn: ({ pageParam }) =>
      value(api.GET("/v1/users", { params: { query: { ...filter, limit: PAGE, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: nextOf,
  });

export interface OfferingFilter {
  owner?: string;
  kind?: Kind;
  skill?: string;
  modality?: Exclude<Modality, "either">;
  q?: string;
}

export const offerings = (filter: OfferingFilter) =>
  infiniteQueryOptions({
    queryKey: ["offerings", "list", filter],
    queryFn: ({ pageParam }) =>
      value(api.GET("/v1/offerings", { params: { query: { ...filter, limit: PAGE, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: nextOf,
  });

export const offering = (id: string) =>
  queryOptions({
    queryKey: ["offerings", id],
    queryFn: () => value(api.GET("/v1/offerings/{id}", { params: { path: { id } } })),
  });

// One route, whose two shapes go by the kind that is asked for.
const matchesOf = <List>(kind: "direct" | "ring") =>
  queryOptions({
    queryKey: ["matches", kind],
    queryFn: async () => (await value(api.GET("/v1/matches", { params: { query: { kind } } }))) as List,
  });

export const matches = () => matchesOf<MatchList>("direct");

export const rings = () => matchesOf<RingList>("ring");

export const skills = () =>
  queryOptions({ queryKey: ["skills"], queryFn: () => value(api.GET("/v1/skills")), staleTime: 600_000 });

export const skillProposals = (status?: "open" | "approved" | "declined") =>
  infiniteQueryOptions({
    queryKey: ["proposals", status ?? "all"],
    queryFn: ({ pageParam }) =>
      value(
        api.GET("/v1/skills/proposals", { params: { query: { status, limit: PAGE, cursor: pageParam } } }),
      ),
    initialPageParam: first,
    getNextPageParam: nextOf,
  });

export const transactions = (state?: State) =>
  infiniteQueryOptions({
    queryKey: ["transactions", "list", state ?? "all"],
    queryFn: ({ pageParam }) =>
      value(api.GET("/v1/transactions", { params: { query: { state, limit: PAGE, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: nextOf,
    refetchInterval: INBOX_MILLISECONDS,
  });

export const transaction = (id: string) =>
  queryOptions({
    queryKey: ["transactions", id],
    queryFn: () => value(api.GET("/v1/transactions/{id}", { params: { path: { id } } })),
    refetchInterval: (query) => (query.state.error ? false : WATCH_MILLISECONDS),
  });

export const history = (id: string, version: number) =>
  infiniteQueryOptions({
    queryKey: ["transactions", id, "history", version],
    queryFn: ({ pageParam }) =>
      value(
        api.GET("/v1/transactions/{id}/history", {
          params: { path: { id }, query: { limit: 50, cursor: pageParam } },
        }),
      ),
    initialPageParam: first,
    getNextPageParam: nextOf,
  });

export const balance = () =>
  queryOptions({ queryKey: ["balance"], queryFn: () => value(api.GET("/v1/ledger/balance")) });

export const ledger = () =>
  infiniteQueryOptions({
    queryKey: ["ledger"],
    queryFn: ({ pageParam }) =>
      value(api.GET("/v1/ledger", { params: { query: { limit: PAGE, cursor: pageParam } } })),
    initialPageParam: first,
    getNextPageParam: nextOf,
  });

export const ownMeasures = () =>
  queryOptions({ queryKey: ["measures", "me"], queryFn: () => value(api.GET("/v1/analytics/me")) });

export const notifications = (unread: boolean) =>
  infiniteQueryOptions({
    queryKey: ["notifications", unread ? "unread" : "all"],
    queryFn: ({ pageParam }) =>
      value(
        api.GET("/v1/notifications", {
          params: { query: { ...(unread ? { unread } : {}), limit: PAGE, cursor: pageParam } },
        }),
      ),
    initialPageParam: first,
    getNextPageParam: nextOf,
    refetchInterval: INBOX_MILLISECONDS,
  });

export const preferences = () =>
  queryOptions({
    queryKey: ["preferences"],
    queryFn: async () => {
      const { data, response } = await api.GET("/v1/notifications/preferences");
      return { switches: data as NonNullable<typeof data>, etag: response.headers.get("etag") ?? "" };
    },
  });

export const measure = (name: MeasureName, range: { from?: string; to?: string; interval?: Interval }) =>
  queryOptions({
    queryKey: ["measures", name, range],
    queryFn: () =>
      value(api.GET("/v1/analytics/{measure}", { params: { path: { measure: name }, query: range } })),
  });

/** Nobody asks while the page is hidden: that is what `refetchInterval` does unless told otherwise. */
export const system = () =>
  queryOptions({
    queryKey: ["operations", "system"],
    queryFn: () => value(api.GET("/v1/operations/system")),
    refetchInterval: SYSTEM_MILLISECONDS,
  });

export const trail = (id: string) =>
  queryOptions({
    queryKey: ["operations", "trail", id],
    queryFn: () =>
      value(
        api.GET("/v1/operations/exchanges/{transaction_id}/trail", {
          params: { path: { transaction_id: id } },
        }),
      ),
    refetchInterval: (query) => (query.state.error ? false : WATCH_MILLISECONDS),
  });
