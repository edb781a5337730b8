import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, value } from "../../api/client";
import { useAct } from "../../api/useAct";
import { useAnnounce } from "../../components/announce";
import { Failure } from "../../components/States";

/** Asks before messages of a DLQ go back to their queue; nothing is asked while `queue` is null. */
export function Redrive({ queue, onDone }: { queue: string | null; onDone: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal
      opened={queue !== null}
      onClose={onDone}
      title={queue ? t("operations.redriveTitle", { queue }) : ""}
      closeButtonProps={{ "aria-label": t("app.close") }}
    >
      {queue && <Question queue={queue} onDone={onDone} />}
    </Modal>
  );
}

function Question({ queue, onDone }: { queue: string; onDone: () => void }) {
  const { t } = useTranslation();
  const announce = useAnnounce();
  const queries = useQueryClient();
  const redrive = useAct(
    (name: string, key) =>
      value(
        api.POST("/v1/operations/queues/{queue}/redrive", {
          params: { path: { queue: name }, header: { "Idempotency-Key": key } },
        }),
      ),
    async (done) => {
      announce(t("operations.redriven", { moved: done.moved, left: done.left }));
      onDone();
      await queries.invalidateQueries({ queryKey: ["operations"] });
    },
  );
  return (
    <Stack>
      <Text>{t("operations.redriveText")}</Text>
      <Failure error={redrive.error} />
      <Group justify="flex-end">
        <Button variant="default" onClick={onDone}>
          {t("app.cancel")}
        </Button>
        <Button loading={redrive.isRunning} onClick={() => void redrive.run(queue)}>
          {t("operations.redrive")}
        </Button>
      </Group>
    </Stack>
  );
}
