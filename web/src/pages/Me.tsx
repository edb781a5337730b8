import {
  Alert,
  Anchor,
  Button,
  Group,
  Modal,
  Paper,
  Radio,
  Select,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useInfiniteQuery, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, etag, value } from "../api/client";
import { ApiError } from "../api/problem";
import { offerings, ownProfile, skillProposals } from "../api/queries";
import type { Kind, OwnProfile } from "../api/types";
import { useAct } from "../api/useAct";
import { useAnnounce } from "../components/announce";
import { longList } from "../components/lists";
import { OfferingFields } from "../components/OfferingFields";
import { OwnOffering } from "../components/OwnOffering";
import { Page } from "../components/Page";
import { Pages } from "../components/Pages";
import { ProposeSkill } from "../components/ProposeSkill";
import { SkillSelect } from "../components/SkillSelect";
import { Failure, Message } from "../components/States";
import { useKept } from "../components/useKept";
import { LANGUAGES } from "../i18n";

/** The reader's profile, and what they offer and want. */
export function Me() {
  const { t } = useTranslation();
  const { data } = useQuery(ownProfile());
  return (
    <Page title={t("nav.profile")}>
      <MyOfferings />
      <MyProposals />
      {data && <ProfileForm profile={data} />}
    </Page>
  );
}

function MyOfferings() {
  const { t } = useTranslation();
  const query = useInfiniteQuery(offerings({ owner: "me" }));
  const [isAdding, adding] = useDisclosure(false);
  const [isProposing, proposing] = useDisclosure(false);
  return (
    <Stack gap="sm" component="section">
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t("profile.myOfferings")}
        </Title>
        <Button onClick={adding.open}>{t("offering.add")}</Button>
      </Group>
      <Pages query={query} empty={<Message title={t("inbox.none")} text={t("profile.noOfferings")} />}>
        {(items) => (
          <>
            {items.map((one) => (
              <OwnOffering key={one.id} offering={one} />
            ))}
          </>
        )}
      </Pages>
      <Modal
        opened={isAdding}
        onClose={adding.close}
        title={t("offering.addTitle")}
        closeButtonProps={{ "aria-label": t("app.close") }}
      >
        <NewOffering onDone={adding.close} />
        <Text size="sm" mt="md">
          {t("offering.missingSkill")}{" "}
          <Anchor
            component="button"
            size="sm"
            underline="always"
            onClick={() => {
              adding.close();
              proposing.open();
            }}
          >
            {t("offering.proposeSkill")}
          </Anchor>
        </Text>
      </Modal>
      <Modal
        opened={isProposing}
        onClose={proposing.close}
        title={t("offering.proposeTitle")}
        closeButtonProps={{ "aria-label": t("app.close") }}
      >
        <ProposeSkill onDone={proposing.close} />
      </Modal>
    </Stack>
  );
}

function NewOffering({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [kind, setKind] = useState<Kind>("offer");
  const [skill, setSkill] = useState<string | null>(null);
  const publish = useAct(
    (body: Parameters<typeof post>[0], key) => post(body, key),
    async () => {
      onDone();
      await Promise.all([
        queries.invalidateQueries({ queryKey: ["offerings"] }),
        queries.invalidateQueries({ queryKey: ["matches"] }),
      ]);
    },
  );
  return (
    <OfferingFields
      text=""
      modality="either"
      button={t("offering.publish")}
      isRunning={publish.isRunning}
      isReady={skill !== null}
      onSubmit={(text, modality) =>
        void publish.run({ kind, skill: skill ?? "", text: text || null, modality })
      }
    >
      <Failure error={publish.error} />
      <Radio.Group label={t("offering.kind")} value={kind} onChange={(next) => setKind(next as Kind)}>
        <Group mt={4}>
          <Radio value="offer" label={t("offering.offer")} />
          <Radio value="want" label={t("offering.want")} />
        </Group>
      </Radio.Group>
      <SkillSelect label={t("offering.skill")} required value={skill} onChange={setSkill} />
    </OfferingFields>
  );
}

function post(
  body: { kind: Kind; skill: string; text: string | null; modality: "in_person" | "remote" | "either" },
  key: string,
) {
  return value(api.POST("/v1/offerings", { params: { header: { "Idempotency-Key": key } }, body }));
}

function MyProposals() {
  const { t } = useTranslation();
  const { data } = useInfiniteQuery(skillProposals());
  // A coordinator gets everybody's: their place is another page.
  const { data: profile } = useQuery(ownProfile());
  const mine = data?.pages.flatMap((page) => page.items).filter((one) => one.author === profile?.id) ?? [];
  if (mine.length === 0) return null;
  return (
    <Stack gap="xs" component="section">
      <Title order={2} size="h4">
        {t("offering.myProposals")}
      </Title>
      {mine.map((one) => (
        <Text key={one.id} size="sm">
          {one.name}: {t(`offering.${one.status}`)}
        </Text>
      ))}
    </Stack>
  );
}

type Fields = Pick<
  OwnProfile,
  "first_name" | "last_name" | "display_name" | "about" | "locale" | "time_zone"
>;

function fieldsOf(profile: OwnProfile): Fields {
  const { first_name, last_name, display_name, about, locale, time_zone } = profile;
  return { first_name, last_name, display_name, about, locale, time_zone };
}

function ProfileForm({ profile }: { profile: OwnProfile }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const queries = useQueryClient();
  const [kept, keep] = useKept<Fields>("profile");
  const fields = kept ?? fieldsOf(profile);
  const set = (part: Partial<Fields>) => keep({ ...fields, ...part });
  const save = useAct(
    (body: Fields) =>
      value(
        api.PATCH("/v1/users/me", {
          params: { header: { "If-Match": etag(profile.version) } },
          body,
          headers: { "content-type": "application/merge-patch+json" },
        }),
      ),
    (saved) => {
      queries.setQueryData(ownProfile().queryKey, saved);
      keep(undefined);
      announce(t("profile.saved"));
    },
  );
  const isStale = save.error instanceof ApiError && save.error.status === 412;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const saved = await save.run(fields);
    if (!saved) await queries.invalidateQueries({ queryKey: ["me"] });
  };
  return (
    <Paper component="section">
      <form onSubmit={(event) => void submit(event)}>
        <Stack>
          <Title order={2} size="h4">
            {t("profile.title")}
          </Title>
          {isStale ? (
            <Alert color="orange">{t("profile.changedElsewhere")}</Alert>
          ) : (
            <Failure error={save.error} />
          )}
          <Group grow preventGrowOverflow={false}>
            <TextInput
              label={t("profile.firstName")}
              autoComplete="given-name"
              required
              maxLength={60}
              value={fields.first_name}
              onChange={(event) => set({ first_name: event.currentTarget.value })}
            />
            <TextInput
              label={t("profile.lastName")}
              autoComplete="family-name"
              required
              maxLength={60}
              value={fields.last_name}
              onChange={(event) => set({ last_name: event.currentTarget.value })}
            />
          </Group>
          <TextInput
            label={t("profile.displayName")}
            required
            maxLength={80}
            value={fields.display_name}
            onChange={(event) => set({ display_name: event.currentTarget.value })}
          />
          <Textarea
            label={t("profile.about")}
            description={t("profile.aboutHint")}
            autosize
            minRows={3}
            maxLength={2000}
            value={fields.about}
            onChange={(event) => set({ about: event.currentTarget.value })}
          />
          <Group grow preventGrowOverflow={false}>
            <Select
              label={t("profile.language")}
              allowDeselect={false}
              data={Object.entries(LANGUAGES).map(([code, name]) => ({ value: code, label: name }))}
              value={fields.locale.startsWith("de") ? "de" : "en"}
              onChange={(locale) => set({ locale: locale ?? "en" })}
            />
            <Select
              {...longList}
              label={t("profile.timeZone")}
              searchable
              allowDeselect={false}
              limit={60}
              data={[...new Set([fields.time_zone, "UTC", ...Intl.supportedValuesOf("timeZone")])]}
              value={fields.time_zone}
              onChange={(zone) => set({ time_zone: zone ?? "UTC" })}
            />
          </Group>
          <Text size="sm" c="dimmed">
            {t("profile.email")}: {profile.email}
          </Text>
          <Group>
            <Button type="submit" loading={save.isRunning} disabled={!kept}>
              {t("app.save")}
            </Button>
            {kept && (
              <Button variant="default" onClick={() => keep(undefined)}>
                {t("app.cancel")}
              </Button>
            )}
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}
