import { Button, Group, Modal, Stack } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { useLocation, useNavigate } from "react-router";
import { api, etag, value } from "../api/client";
import type { Modality, Offering, OfferingPatch } from "../api/types";
import { useAct } from "../api/useAct";
import { OfferingFields } from "./OfferingFields";
import { OfferingCard } from "./offering";
import { Failure } from "./States";
import { useSkillName } from "./skills";
import { useRenewal } from "./useRenewal";

/** One of the reader's own offerings, with what they may do to it. */
export function OwnOffering({ offering }: { offering: Offering }) {
  const { t } = useTranslation();
  const skillName = useSkillName();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { pathname } = useLocation();
  const [isEditing, editing] = useDisclosure(false);
  const [isRemoving, removing] = useDisclosure(false);
  const path = { id: offering.id };
  const ifMatch = etag(offering.version);

  const change = useAct(
    (body: OfferingPatch) =>
      value(
        api.PATCH("/v1/offerings/{id}", {
          params: { path, header: { "If-Match": ifMatch } },
          body,
          headers: { "content-type": "application/merge-patch+json" },
        }),
      ),
    async () => {
      editing.close();
      await queries.invalidateQueries({ queryKey: ["offerings"] });
    },
  );
  const renew = useRenewal(offering);
  const remove = useAct(
    (_: number) => api.DELETE("/v1/offerings/{id}", { params: { path, header: { "If-Match": ifMatch } } }),
    async () => {
      removing.close();
      if (pathname.startsWith("/offerings/")) await navigate("/me", { replace: true });
      await queries.invalidateQueries({ queryKey: ["offerings", "list"] });
    },
  );

  const isOver = offering.status === "fulfilled" || offering.status === "expired";
  const skill = skillName(offering.skill);
  return (
    <OfferingCard offering={offering}>
      <Group gap="xs">
        {!isOver && (
          <>
            <Button size="xs" variant="light" onClick={editing.open}>
              {t("offering.edit")}
            </Button>
            {offering.status === "active" ? (
              <Button
                size="xs"
                variant="default"
                loading={change.isRunning}
                onClick={() => void change.run({ status: "paused" })}
              >
                {t("offering.pause")}
              </Button>
            ) : (
              <Button
                size="xs"
                variant="default"
                loading={change.isRunning}
                onClick={() => void change.run({ status: "active" })}
              >
                {t("offering.resume")}
              </Button>
            )}
            <Button
              size="xs"
              variant="default"
              loading={change.isRunning}
              onClick={() => void change.run({ status: "fulfilled" })}
            >
              {t("offering.fulfil")}
            </Button>
          </>
        )}
        <Button
          size="xs"
          variant="default"
          loading={renew.isRunning}
          onClick={() => void renew.run(offering.version)}
        >
          {t("offering.renew")}
        </Button>
        <Button size="xs" variant="subtle" color="red" onClick={removing.open}>
          {t("offering.remove")}
        </Button>
      </Group>
      <Failure error={change.error ?? renew.error ?? remove.error} />

      <Modal
        opened={isEditing}
        onClose={editing.close}
        title={t("offering.editTitle", { skill })}
        closeButtonProps={{ "aria-label": t("app.close") }}
      >
        <OfferingFields
          text={offering.text}
          modality={offering.modality}
          button={t("app.save")}
          isRunning={change.isRunning}
          onSubmit={(text: string, modality: Modality) => void change.run({ text, modality })}
        />
      </Modal>
      <Modal
        opened={isRemoving}
        onClose={removing.close}
        title={t("offering.removeQuestion", { skill })}
        closeButtonProps={{ "aria-label": t("app.close") }}
      >
        <Stack>
          <Group justify="flex-end">
            <Button variant="default" onClick={removing.close}>
              {t("app.cancel")}
            </Button>
            <Button
              color="red.9"
              loading={remove.isRunning}
              onClick={() => void remove.run(offering.version)}
            >
              {t("offering.remove")}
            </Button>
          </Group>
        </Stack>
      </Modal>
    </OfferingCard>
  );
}
