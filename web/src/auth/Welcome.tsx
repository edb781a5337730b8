import { Button, Container, Group, Paper, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { Brand } from "../app/Brand";
import { session } from "./session";

/** The front page for who is not logged in, at every address: one comes back to it after the log-in. */
export function Welcome() {
  const { t } = useTranslation();
  useEffect(() => {
    document.title = t("app.name");
  }, [t]);
  const steps = [
    [t("auth.step1"), t("auth.step1Text")],
    [t("auth.step2"), t("auth.step2Text")],
    [t("auth.step3"), t("auth.step3Text")],
  ] as const;
  return (
    <Container size="md" py="lg">
      <Group component="header" justify="space-between" mb={{ base: 40, sm: 80 }}>
        <Brand />
        <Button variant="subtle" onClick={() => void session().logIn()}>
          {t("auth.logIn")}
        </Button>
      </Group>
      <main>
        <Stack gap="xl">
          <Title order={1} fz={{ base: 36, sm: 52 }} lh={1.1} maw={620}>
            {t("auth.welcomeTitle")}
          </Title>
          <Text fz="lg" maw={620}>
            {t("auth.welcome")}
          </Text>
          <Group>
            <Button size="md" component={Link} to="/sign-up">
              {t("auth.signUp")}
            </Button>
            <Button size="md" variant="default" onClick={() => void session().logIn()}>
              {t("auth.logIn")}
            </Button>
          </Group>
          <SimpleGrid cols={{ base: 1, sm: 3 }} mt={{ base: "md", sm: 48 }}>
            {steps.map(([title, text], number) => (
              <Paper key={title}>
                <Text fw={700} c="dimmed" size="sm">
                  {number + 1}
                </Text>
                <Title order={2} size="h4" mb={4}>
                  {title}
                </Title>
                <Text>{text}</Text>
              </Paper>
            ))}
          </SimpleGrid>
        </Stack>
      </main>
    </Container>
  );
}
