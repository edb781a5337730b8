import type { components } from "./generated/transactions";

type Problem = components["schemas"]["Problem"];

/** What a service refuses, as problem details (RFC 9457). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.detail || problem.title);
  }

  get code(): string {
    return this.problem.code;
  }

  get retryAfterIsWise(): boolean {
    return this.status === 503 || this.status === 429 || this.status === 504;
  }
}

/** No answer: the request may have had its effect or not. */
export class Offline extends Error {}

/** The log-in has ended; the page asks for a new one. */
export class LoggedOut extends Error {}

export function isMissing(error: unknown): boolean {
  // An id of another shape is none that exists, either.
  return error instanceof ApiError && (error.status === 404 || error.status === 422);
}

/** Whether asking again may help: no answer, or a service that is away for a moment. */
export function isPassing(error: unknown): boolean {
  return error instanceof Offline || (error instanceof ApiError && error.retryAfterIsWise);
}

export async function readProblem(answer: Response): Promise<Problem> {
  const bare = {
    type: "",
    title: String(answer.status),
    status: answer.status,
    code: `http-${answer.status}`,
    detail: "",
  };
  try {
    const body = (await answer.json()) as Partial<Problem> & { message?: string };
    // What the gateway refuses by itself has no problem details.
    return { ...bare, ...body, title: body.title ?? body.message ?? bare.title };
  } catch {
    return bare;
  }
}
