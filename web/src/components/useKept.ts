import { useCallback, useState } from "react";

/**
 * State that outlives the page in this tab: what was typed is there after a reload, and after a log-in that had ended.
 * `undefined` is nothing kept; the last part reads what is kept at the moment, whatever was rendered.
 */
export function useKept<Value>(
  name: string,
): [Value | undefined, (value: Value | undefined) => void, () => Value | undefined] {
  const key = `skillsync.kept.${name}`;
  const [value, setValue] = useState<Value | undefined>(() => read<Value>(key));
  const keep = useCallback(
    (next: Value | undefined) => {
      setValue(next);
      if (next === undefined) sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, JSON.stringify(next));
    },
    [key],
  );
  return [value, keep, useCallback(() => read<Value>(key), [key])];
}

function read<Value>(key: string): Value | undefined {
  const text = sessionStorage.getItem(key);
  return text === null ? undefined : (JSON.parse(text) as Value);
}
