import { Button, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { session } from "./session";

/** Over whatever is on the page, which stays there: forms keep what is typed in this tab. */
export function Expired() {
  const { t } = useTranslation();
  return (
    <Modal
      opened
      onClose={() => {}}
      withCloseButton={false}
      closeOnEscape={false}
      centered
      title={t("auth.expiredTitle")}
    >
      <Stack>
        <Text>{t("auth.expired")}</Text>
        <Button onClick={() => void session().logIn()} data-autofocus>
          {t("auth.again")}
        </Button>
      </Stack>
    </Modal>
  );
}
