import { useTranslation } from "react-i18next";
import { number } from "../../format";

const UNITS = [
  ["days", 86_400],
  ["hours", 3_600],
  ["minutes", 60],
] as const;

/** How long something has lasted, in the largest unit that fits; a dash when nobody can tell. */
export function useAge(): (seconds: number | null) => string {
  const { t } = useTranslation();
  return (seconds) => {
    if (seconds === null) return "–";
    for (const [unit, size] of UNITS) {
      if (seconds >= size) return t(`operations.${unit}`, { value: number(seconds / size) });
    }
    return t("operations.seconds", { value: number(seconds) });
  };
}
