import type { Leg, Transaction, TransactionPatch } from "../../api/types";

/** What can be written in an exchange. */
export interface Terms {
  title: string;
  note: string;
  scheduled_for: string | null;
  settlement: string;
  legs: Record<string, Leg>;
}

export function termsOf(transaction: Transaction): Terms {
  const { title, note, scheduled_for, settlement, legs } = transaction;
  return { title, note, scheduled_for, settlement, legs };
}

const TEXTS = ["title", "note", "scheduled_for", "settlement"] as const;
const LEG_FIELDS = ["giver", "receiver", "skill", "minutes"] as const;

/** A merge patch (RFC 7396) that makes `after` of `before`; only what differs, so that two may change two things. */
export function patchOf(before: Terms, after: Terms): TransactionPatch {
  const patch: Record<string, unknown> = {};
  for (const field of TEXTS) {
    if (!isSame(before[field], after[field])) patch[field] = after[field] || null;
  }
  const legs: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before.legs), ...Object.keys(after.legs)])) {
    const [old, now] = [before.legs[key], after.legs[key]];
    if (!now) legs[key] = null;
    else if (!old) legs[key] = now;
    else {
      const changed = LEG_FIELDS.filter((field) => old[field] !== now[field]);
      if (changed.length) legs[key] = Object.fromEntries(changed.map((field) => [field, now[field]]));
    }
  }
  if (Object.keys(legs).length) patch.legs = legs;
  return patch as TransactionPatch;
}

export function isEmpty(patch: TransactionPatch): boolean {
  return Object.keys(patch).length === 0;
}

function isSame(one: string | null, other: string | null): boolean {
  if (one === other) return true;
  // The same moment, written otherwise.
  return Boolean(one && other && /^\d{4}-/.test(one) && Date.parse(one) === Date.parse(other));
}

/** The first letter that no leg has. */
export function freeKey(legs: Record<string, Leg>): string {
  const letters = "abcdefghijklmnop";
  return [...letters].find((letter) => !(letter in legs)) ?? "q";
}

/** What a draft lacks before it can be proposed. */
export function missing(terms: Terms): ("legs" | "giver" | "receiver" | "skill" | "minutes")[] {
  const legs = Object.values(terms.legs);
  if (legs.length === 0) return ["legs"];
  return LEG_FIELDS.filter((field) => legs.some((leg) => !leg[field]));
}
