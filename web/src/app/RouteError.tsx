import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link, useRouteError } from "react-router";
import { isMissing } from "../api/problem";
import { Message } from "../components/States";

/** The same for a wrong address, a wrong id, and what is not for the reader. */
export function Missing() {
  const { t } = useTranslation();
  return (
    <Message title={t("errors.missingTitle")} text={t("errors.missing")} isPage>
      <Button component={Link} to="/">
        {t("errors.home")}
      </Button>
    </Message>
  );
}

export function RouteError() {
  const { t } = useTranslation();
  const error = useRouteError();
  if (isMissing(error)) return <Missing />;
  // A page's file is gone once a newer build has taken its place.
  const isOld = error instanceof TypeError && /import|module/i.test(error.message);
  return (
    <Message
      title={isOld ? t("app.name") : t("errors.brokenTitle")}
      text={isOld ? t("errors.newer") : t("errors.broken")}
      isPage
    >
      <Button onClick={() => window.location.reload()}>{t("errors.reload")}</Button>
    </Message>
  );
}
