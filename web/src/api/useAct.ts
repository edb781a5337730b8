import { useCallback, useRef, useState } from "react";
import { isPassing } from "./problem";

const TRIES = 4;
const FIRST_PAUSE_MILLISECONDS = 400;

interface Act<Input, Output> {
  run: (input: Input) => Promise<Output | undefined>;
  isRunning: boolean;
  error: unknown;
  clear: () => void;
}

/**
 * One thing a person wants done once. While it is under way a second click does nothing; a try whose answer was lost is
 * repeated under its key, so that it has one effect, and so is the next click for the same thing.
 * Returns undefined when it was refused (`error` says why) or is under way already.
 */
export function useAct<Input, Output>(
  act: (input: Input, key: string) => Promise<Output>,
  then?: (output: Output, input: Input) => unknown,
): Act<Input, Output> {
  const busy = useRef(false);
  const intent = useRef<{ of: string; key: string } | null>(null);
  const [isRunning, setRunning] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const latest = useRef({ act, then });
  latest.current = { act, then };

  const run = useCallback(async (input: Input): Promise<Output | undefined> => {
    if (busy.current) return undefined;
    busy.current = true;
    setRunning(true);
    setError(null);
    const of = JSON.stringify(input) ?? "";
    if (intent.current?.of !== of) intent.current = { of, key: crypto.randomUUID() };
    try {
      const output = await repeated(() => latest.current.act(input, intent.current?.key ?? ""));
      intent.current = null;
      await latest.current.then?.(output, input);
      return output;
    } catch (refusal) {
      if (!isPassing(refusal)) intent.current = null;
      setError(refusal);
      return undefined;
    } finally {
      busy.current = false;
      setRunning(false);
    }
  }, []);

  return { run, isRunning, error, clear: useCallback(() => setError(null), []) };
}

async function repeated<T>(act: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await act();
    } catch (error) {
      if (tried >= TRIES || !isPassing(error)) throw error;
      await new Promise((done) => setTimeout(done, FIRST_PAUSE_MILLISECONDS * 2 ** (tried - 1)));
    }
  }
}
