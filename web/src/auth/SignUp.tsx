import {
  Alert,
  Anchor,
  Button,
  Container,
  Paper,
  PasswordInput,
  PinInput,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { type FormEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { useAct } from "../api/useAct";
import { Brand } from "../app/Brand";
import { useAnnounce } from "../components/announce";
import { Page } from "../components/Page";
import { useKept } from "../components/useKept";
import { type Pool, PoolRefusal } from "./pool";
import { session } from "./session";

type Step = "account" | "code" | "done";

/** A new account at the user pool: address and password, then the code from the mail, then the log-in. */
export function SignUp({ pool }: { pool: Pool }) {
  const { t } = useTranslation();
  // Whoever loads the page again while looking into their mail still has to type the code.
  const [waiting, setWaiting] = useKept<string>("sign-up");
  const [step, setStep] = useState<Step>(waiting ? "code" : "account");
  const titles = { account: t("auth.signUp"), code: t("auth.checkMail"), done: t("auth.confirmedTitle") };
  return (
    <Container size={460} py="lg">
      <header>
        <Brand />
      </header>
      <main>
        <Paper mt="xl">
          <Page title={titles[step]}>
            {step === "account" && (
              <Account
                pool={pool}
                onDone={(email) => {
                  setWaiting(email);
                  setStep("code");
                }}
              />
            )}
            {step === "code" && (
              <Code
                pool={pool}
                email={waiting ?? ""}
                onDone={() => {
                  setWaiting(undefined);
                  setStep("done");
                }}
              />
            )}
            {step === "done" && (
              <Stack>
                <Text>{t("auth.confirmed")}</Text>
                <Button onClick={() => void session().logIn("/")}>{t("auth.logIn")}</Button>
              </Stack>
            )}
          </Page>
        </Paper>
      </main>
    </Container>
  );
}

function Account({ pool, onDone }: { pool: Pool; onDone: (email: string) => void }) {
  const { t } = useTranslation();
  const [email, setEmail] = useState("");
  const [password, setPassword] = useState("");
  const signUp = useAct(
    (input: { email: string; password: string }) => pool.signUp(input.email, input.password),
    (_, input) => onDone(input.email),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void signUp.run({ email: email.trim(), password });
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Refusal error={signUp.error} />
        <TextInput
          label={t("auth.email")}
          type="email"
          name="email"
          autoComplete="email"
          required
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
        />
        <PasswordInput
          label={t("auth.password")}
          description={t("auth.passwordRule")}
          name="password"
          autoComplete="new-password"
          required
          minLength={12}
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
        />
        <Button type="submit" loading={signUp.isRunning}>
          {t("auth.createAccount")}
        </Button>
        <Text size="sm">
          {t("auth.known")}{" "}
          <Anchor
            component="button"
            type="button"
            size="sm"
            underline="always"
            onClick={() => void session().logIn("/")}
          >
            {t("auth.logIn")}
          </Anchor>
        </Text>
      </Stack>
    </form>
  );
}

function Code({ pool, email, onDone }: { pool: Pool; email: string; onDone: () => void }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const [code, setCode] = useState("");
  const confirm = useAct((typed: string) => pool.confirm(email, typed), onDone);
  const again = useAct(
    () => pool.sendCodeAgain(email),
    () => announce(t("auth.sentAgain")),
  );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    void confirm.run(code);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        <Text>{t("auth.codeSent", { email })}</Text>
        <Refusal error={confirm.error ?? again.error} />
        <PinInput
          length={6}
          type="number"
          oneTimeCode
          value={code}
          onChange={setCode}
          aria-label={t("auth.code")}
          getInputProps={(index) => ({ "aria-label": `${t("auth.code")} ${index + 1}/6` })}
        />
        <Button type="submit" loading={confirm.isRunning} disabled={code.length !== 6}>
          {t("auth.confirm")}
        </Button>
        <Button variant="subtle" loading={again.isRunning} onClick={() => void again.run(undefined)}>
          {t("auth.sendAgain")}
        </Button>
      </Stack>
    </form>
  );
}

function Refusal({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (!error) return null;
  const words: Record<string, string> = {
    UsernameExistsException: t("auth.exists"),
    InvalidPasswordException: t("auth.badPassword"),
    CodeMismatchException: t("auth.badCode"),
    ExpiredCodeException: t("auth.badCode"),
    InvalidParameterException: t("auth.badInput"),
  };
  const text =
    error instanceof PoolRefusal ? (words[error.message] ?? t("errors.failed")) : t("errors.offline");
  return (
    <Alert color="red" role="alert">
      {text}
    </Alert>
  );
}
