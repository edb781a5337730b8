import createClient from "openapi-fetch";
import { session } from "../auth/session";
import type { paths as AnalyticsPaths } from "./generated/analytics";
import type { paths as NotificationsPaths } from "./generated/notifications";
import type { paths as OperationsPaths } from "./generated/operations";
import type { paths as TransactionsPaths } from "./generated/transactions";
import type { paths as UsersPaths } from "./generated/users";
import { ApiError, LoggedOut, Offline, readProblem } from "./problem";

type Paths = UsersPaths & TransactionsPaths & NotificationsPaths & AnalyticsPaths & OperationsPaths;

const TIMEOUT_MILLISECONDS = 20_000;

/** Every route of every service, by its documented path; a refusal is thrown as an ApiError. */
export const api = createClient<Paths>({ baseUrl: window.location.origin, fetch: authorizedFetch });

async function authorizedFetch(request: Request): Promise<Response> {
  const again = request.clone();
  let answer = await send(request, await tokenOrLoggedOut());
  if (answer.status === 401) {
    // The clock of this machine may be wrong, or the token was revoked: once more, with a new one.
    const renewed = await session().renew();
    if (!renewed) throw new LoggedOut();
    answer = await send(again, renewed);
  }
  if (!answer.ok && answer.status !== 304) throw new ApiError(answer.status, await readProblem(answer));
  return answer;
}

async function tokenOrLoggedOut(): Promise<string> {
  let token: string | null;
  try {
    token = await session().token();
  } catch {
    throw new Offline();
  }
  if (!token) throw new LoggedOut();
  return token;
}

async function send(request: Request, token: string): Promise<Response> {
  request.headers.set("authorization", `Bearer ${token}`);
  try {
    return await fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS) });
  } catch {
    throw new Offline();
  }
}

/** The body of a success. */
export async function value<T>(call: Promise<{ data?: T }>): Promise<T> {
  const { data } = await call;
  return data as T;
}

/** The value of an `If-Match` header. */
export function etag(version: number): string {
  return `"${version}"`;
}
