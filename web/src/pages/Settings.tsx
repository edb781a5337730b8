import {
  Button,
  Group,
  Modal,
  Paper,
  SegmentedControl,
  Select,
  Stack,
  Switch,
  Table,
  Text,
  Title,
  useMantineColorScheme,
} from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, etag, value } from "../api/client";
import { ownProfile, preferences } from "../api/queries";
import type { OwnProfile, Switchboard } from "../api/types";
import { useAct } from "../api/useAct";
import { useAnnounce } from "../components/announce";
import { Page } from "../components/Page";
import { Failure, ListSkeleton } from "../components/States";
import { choose, LANGUAGES, type Language, language } from "../i18n";
import { OwnData } from "./OwnData";

export function Settings() {
  const { t } = useTranslation();
  const { data: profile } = useQuery(ownProfile());
  return (
    <Page title={t("settings.title")}>
      <Look />
      <Preferences />
      <OwnData />
      {profile && !profile.erasure_due_at && <Leave profile={profile} />}
    </Page>
  );
}

function Look() {
  const { t } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <Paper component="section">
      <Stack>
        <Title order={2} size="h4">
          {t("settings.look")}
        </Title>
        <Group align="flex-end">
          <Select
            label={t("settings.language")}
            allowDeselect={false}
            data={Object.entries(LANGUAGES).map(([code, name]) => ({ value: code, label: name }))}
            value={language()}
            onChange={(code) => void choose(code as Language)}
          />
          <SegmentedControl
            aria-label={t("settings.scheme")}
            data={[
              { value: "auto", label: t("settings.auto") },
              { value: "light", label: t("settings.light") },
              { value: "dark", label: t("settings.dark") },
            ]}
            value={colorScheme}
            onChange={(scheme) => setColorScheme(scheme as "auto" | "light" | "dark")}
          />
        </Group>
      </Stack>
    </Paper>
  );
}

const CHANNELS = ["inbox", "mail"] as const;

function Preferences() {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const queries = useQueryClient();
  const { data, error, refetch } = useQuery(preferences());
  const save = useAct(
    async ({ switches, over }: { switches: Switchboard; over: string }) =>
      api.PUT("/v1/notifications/preferences", { params: { header: { "If-Match": over } }, body: switches }),
    (answer) => {
      const saved = { switches: answer.data as Switchboard, etag: answer.response.headers.get("etag") ?? "" };
      queries.setQueryData(preferences().queryKey, saved);
      announce(t("settings.saved"));
    },
  );
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <ListSkeleton rows={1} height={220} />;
  const flip = async (switches: Switchboard) => {
    if (!(await save.run({ switches, over: data.etag }))) await refetch();
  };
  const topics = Object.keys(data.switches) as (keyof Switchboard)[];
  return (
    <Paper component="section">
      <Stack>
        <Title order={2} size="h4">
          {t("settings.tell")}
        </Title>
        <Text size="sm" c="dimmed">
          {t("settings.tellHint")}
        </Text>
        <Failure error={save.error} />
        <Table>
          <Table.Thead>
            <Table.Tr>
              <Table.Td />
              {CHANNELS.map((channel) => (
                <Table.Th key={channel}>{t(`settings.${channel}`)}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {topics.map((topic) => (
              <Table.Tr key={topic}>
                <Table.Th scope="row" fw={400}>
                  {t(`settings.topics.${topic}`)}
                </Table.Th>
                {CHANNELS.map((channel) => (
                  <Table.Td key={channel}>
                    <Switch
                      aria-label={t("settings.by", {
                        topic: t(`settings.topics.${topic}`),
                        channel: t(`settings.${channel}`),
                      })}
                      checked={data.switches[topic][channel]}
                      disabled={save.isRunning}
                      onChange={(event) =>
                        void flip({
                          ...data.switches,
                          [topic]: { ...data.switches[topic], [channel]: event.currentTarget.checked },
                        })
                      }
                    />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Stack>
    </Paper>
  );
}

function Leave({ profile }: { profile: OwnProfile }) {
  const { t } = useTranslation();
  const queries = useQueryClient();
  const [isAsked, asked] = useDisclosure(false);
  const leave = useAct(
    (version: number) =>
      value(api.DELETE("/v1/users/me", { params: { header: { "If-Match": etag(version) } } })),
    async () => {
      asked.close();
      await queries.invalidateQueries({ queryKey: ["me"] });
    },
  );
  return (
    <Paper component="section">
      <Stack align="flex-start">
        <Title order={2} size="h4">
          {t("settings.leave")}
        </Title>
        <Text>{t("settings.leaveText")}</Text>
        <Button variant="light" color="red" onClick={asked.open}>
          {t("settings.leaveButton")}
        </Button>
      </Stack>
      <Modal
        opened={isAsked}
        onClose={asked.close}
        title={t("settings.leaveQuestion")}
        closeButtonProps={{ "aria-label": t("app.close") }}
      >
        <Stack>
          <Text>{t("settings.leaveSure")}</Text>
          <Failure error={leave.error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={asked.close}>
              {t("app.cancel")}
            </Button>
            <Button color="red.9" loading={leave.isRunning} onClick={() => void leave.run(profile.version)}>
              {t("settings.leaveYes")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </Paper>
  );
}
