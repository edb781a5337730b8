import { Anchor, Group, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";

export function Brand() {
  const { t } = useTranslation();
  return (
    <Anchor component={Link} to="/" c="inherit" underline="never">
      <Group gap="xs" wrap="nowrap">
        <img src="/icon.svg" alt="" width={28} height={28} />
        <Text fw={700} fz="lg" component="span">
          {t("app.name")}
        </Text>
      </Group>
    </Anchor>
  );
}
