import { Button, Center, MantineProvider, Stack, Text, Title } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { theme } from "./theme";

/** SkillSync did not answer before anything was there to show. */
export function Unreachable() {
  const { t } = useTranslation();
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Center component="main" mih="80vh" p="md">
        <Stack align="center" maw={420} ta="center">
          <Title order={1}>{t("app.name")}</Title>
          <Text>{t("errors.offline")}</Text>
          <Button onClick={() => window.location.reload()}>{t("app.tryAgain")}</Button>
        </Stack>
      </Center>
    </MantineProvider>
  );
}
