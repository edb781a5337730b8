import i18next from "i18next";
import { locale } from "./i18n";

/** 90 → "1 h 30 min"; the sign stays in front. */
export function duration(minutes: number): string {
  const size = Math.abs(minutes);
  const sign = minutes < 0 ? "−" : "";
  const [hours, rest] = [Math.floor(size / 60), size % 60];
  if (rest === 0) return sign + i18next.t("units.hour", { hours });
  if (hours === 0) return sign + i18next.t("units.minutes", { minutes: rest });
  return sign + i18next.t("units.hourMinutes", { hours, minutes: rest });
}

export function moment(at: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium", timeStyle: "short" }).format(new Date(at));
}

/** To the millisecond, for who looks for one. */
export function preciseMoment(at: string): string {
  return new Intl.DateTimeFormat(locale(), {
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
  }).format(new Date(at));
}

export function day(at: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: "medium" }).format(new Date(at));
}

export function number(value: number): string {
  return new Intl.NumberFormat(locale(), { maximumFractionDigits: 1 }).format(value);
}

/** An instant as the value of a datetime-local input, in the reader's own time zone. */
export function toLocalInput(at: string | null): string {
  if (!at) return "";
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export function fromLocalInput(text: string): string | null {
  return text ? new Date(text).toISOString() : null;
}
