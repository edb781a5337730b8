import {
  Button,
  Group,
  NumberInput,
  Paper,
  SimpleGrid,
  Stack,
  Switch,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { Leg, Transaction } from "../../api/types";
import { session } from "../../auth/session";
import { SkillSelect } from "../../components/SkillSelect";
import { fromLocalInput, toLocalInput } from "../../format";
import { PersonSelect } from "./PersonSelect";
import { freeKey, type Terms } from "./terms";

interface FieldsProps {
  transaction: Transaction;
  terms: Terms;
  onChange: (part: Partial<Terms>) => void;
  /** From the proposal on, terms change, people do not. */
  arePeopleFixed: boolean;
}

const MOST_LEGS = 16;

export function Fields({ transaction: now, terms, onChange, arePeopleFixed }: FieldsProps) {
  const { t } = useTranslation();
  const legs = Object.entries(terms.legs).sort(([one], [other]) => one.localeCompare(other));
  const setLeg = (key: string, part: Partial<Leg>) => {
    const before = terms.legs[key];
    if (before) onChange({ legs: { ...terms.legs, [key]: { ...before, ...part } } });
  };
  const removeLeg = (key: string) =>
    onChange({ legs: Object.fromEntries(Object.entries(terms.legs).filter(([other]) => other !== key)) });
  const addLeg = () => {
    const last = legs.at(-1)?.[1];
    const leg: Leg = {
      giver: last?.receiver ?? session().id,
      receiver: last?.giver ?? null,
      skill: null,
      minutes: 60,
    };
    onChange({ legs: { ...terms.legs, [freeKey(terms.legs)]: leg } });
  };
  const known = now.participants.map((one) => ({ id: one.id, name: one.display_name || one.first_name }));
  return (
    <Stack gap="md">
      <Paper component="section">
        <Stack>
          <TextInput
            label={t("exchange.titleField")}
            maxLength={120}
            value={terms.title}
            onChange={(event) => onChange({ title: event.currentTarget.value })}
          />
          <Textarea
            label={t("exchange.note")}
            description={t("exchange.noteHint")}
            autosize
            minRows={2}
            maxLength={2000}
            value={terms.note}
            onChange={(event) => onChange({ note: event.currentTarget.value })}
          />
          <Group align="flex-end" grow preventGrowOverflow={false}>
            <TextInput
              type="datetime-local"
              label={t("exchange.when")}
              value={toLocalInput(terms.scheduled_for)}
              onChange={(event) => onChange({ scheduled_for: fromLocalInput(event.currentTarget.value) })}
            />
            <Switch
              label={t("exchange.settlement")}
              description={t("exchange.settlementHint")}
              checked={terms.settlement === "hours"}
              onChange={(event) => onChange({ settlement: event.currentTarget.checked ? "hours" : "none" })}
            />
          </Group>
        </Stack>
      </Paper>
      {legs.map(([key, leg], index) => (
        <Paper key={key} component="fieldset" m={0}>
          <Group justify="space-between" mb="xs">
            <Title order={2} size="h5" component="legend" p={0}>
              {t("exchange.leg", { number: index + 1 })}
            </Title>
            {legs.length > 1 && (
              <Button
                size="xs"
                variant="subtle"
                color="red"
                aria-label={t("exchange.removeLeg", { number: index + 1 })}
                onClick={() => removeLeg(key)}
              >
                {t("offering.remove")}
              </Button>
            )}
          </Group>
          <SimpleGrid cols={{ base: 1, sm: 2 }}>
            <PersonSelect
              label={t("exchange.giver")}
              value={leg.giver}
              onChange={(giver) => setLeg(key, { giver })}
              known={known}
              isClosed={arePeopleFixed}
              withMe
            />
            <PersonSelect
              label={t("exchange.receiver")}
              value={leg.receiver}
              onChange={(receiver) => setLeg(key, { receiver })}
              known={known}
              isClosed={arePeopleFixed}
              withMe
            />
            <SkillSelect
              label={t("exchange.skill")}
              value={leg.skill}
              onChange={(skill) => setLeg(key, { skill })}
            />
            <Duration minutes={leg.minutes} onChange={(minutes) => setLeg(key, { minutes })} />
          </SimpleGrid>
        </Paper>
      ))}
      {legs.length < MOST_LEGS && (
        <Group>
          <Button variant="light" onClick={addLeg}>
            {t("exchange.addLeg")}
          </Button>
        </Group>
      )}
    </Stack>
  );
}

const QUARTER = 15;
const MOST_MINUTES = 6000;

/** Hours, in quarters. A number that is none yet, while it is typed, is not told. */
function Duration({
  minutes,
  onChange,
}: {
  minutes: number | null;
  onChange: (minutes: number | null) => void;
}) {
  const { t } = useTranslation();
  const [typed, setTyped] = useState<string | number | null>(null);
  const rounded = (hours: number) =>
    Math.min(MOST_MINUTES, Math.max(QUARTER, Math.round((hours * 60) / QUARTER) * QUARTER));
  return (
    <NumberInput
      label={t("exchange.duration")}
      description={t("exchange.durationHint")}
      inputWrapperOrder={["label", "input", "description", "error"]}
      suffix={` ${t("exchange.hours")}`}
      min={0.25}
      max={100}
      step={0.25}
      decimalScale={2}
      value={typed ?? (minutes === null ? "" : minutes / 60)}
      onChange={(value) => {
        setTyped(value);
        const wanted = typeof value === "number" ? value * 60 : Number.NaN;
        if (wanted >= QUARTER && wanted <= MOST_MINUTES && wanted % QUARTER === 0) onChange(wanted);
      }}
      onBlur={() => {
        if (typeof typed === "number") onChange(rounded(typed));
        else if (typed === "") onChange(null);
        setTyped(null);
      }}
    />
  );
}
