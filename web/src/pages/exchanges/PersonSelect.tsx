import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { people, person } from "../../api/queries";
import { session } from "../../auth/session";
import { longList } from "../../components/lists";

interface PersonSelectProps {
  label: string;
  value: string | null;
  onChange: (id: string | null) => void;
  /** Who can be chosen besides those that a search finds; "me" is the reader. */
  known?: { id: string; name: string }[];
  /** Only those known can be chosen. */
  isClosed?: boolean;
  withMe?: boolean;
  error?: string | undefined;
}

const PAUSE_MILLISECONDS = 250;

/** Chooses a member by name. */
export function PersonSelect({
  label,
  value,
  onChange,
  known = [],
  isClosed,
  withMe,
  error,
}: PersonSelectProps) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState("");
  const [settled] = useDebouncedValue(typed.trim(), PAUSE_MILLISECONDS);
  const found = useInfiniteQuery({ ...people({ q: settled || undefined }), enabled: !isClosed });
  const isUnknown = value !== null && value !== session().id && !known.some((one) => one.id === value);
  const chosen = useQuery({ ...person(value ?? ""), enabled: isUnknown });
  const options = new Map<string, string>();
  if (withMe) options.set(session().id, t("app.you"));
  for (const one of known) if (one.id !== session().id) options.set(one.id, one.name);
  if (isUnknown && chosen.data)
    options.set(chosen.data.id, chosen.data.display_name || chosen.data.first_name);
  for (const one of found.data?.pages.flatMap((page) => page.items) ?? []) {
    if (one.id !== session().id) options.set(one.id, one.display_name || one.first_name);
  }
  return (
    <Select
      {...longList}
      label={label}
      searchable={!isClosed}
      clearable={!isClosed}
      clearButtonProps={{ "aria-label": t("app.cancel") }}
      placeholder={t("exchange.findPerson")}
      nothingFoundMessage={t("exchange.noPerson")}
      // The service has searched already, and in more than the name.
      filter={isClosed ? undefined : ({ options: all }) => all}
      data={[...options].map(([id, name]) => ({ value: id, label: name }))}
      value={value}
      onChange={onChange}
      onSearchChange={setTyped}
      error={error}
    />
  );
}
