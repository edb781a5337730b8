import { Button, Group, Radio, Stack, Textarea } from "@mantine/core";
import { type FormEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Modality } from "../api/types";

const WAYS: Modality[] = ["either", "in_person", "remote"];

interface OfferingFieldsProps {
  text: string;
  modality: Modality;
  button: string;
  isRunning: boolean;
  isReady?: boolean;
  onSubmit: (text: string, modality: Modality) => void;
  children?: ReactNode;
}

/** What can be said of an offering; `children` come first, for what only a new one takes. */
export function OfferingFields({
  button,
  isRunning,
  isReady = true,
  onSubmit,
  children,
  ...first
}: OfferingFieldsProps) {
  const { t } = useTranslation();
  const [text, setText] = useState(first.text);
  const [modality, setModality] = useState<Modality>(first.modality);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSubmit(text, modality);
  };
  return (
    <form onSubmit={submit}>
      <Stack>
        {children}
        <Textarea
          label={t("offering.text")}
          description={t("offering.textHint")}
          autosize
          minRows={2}
          maxLength={1000}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Radio.Group
          label={t("offering.modality")}
          value={modality}
          onChange={(way) => setModality(way as Modality)}
        >
          <Group mt={4}>
            {WAYS.map((way) => (
              <Radio key={way} value={way} label={t(`offering.${way}`)} />
            ))}
          </Group>
        </Radio.Group>
        <Button type="submit" loading={isRunning} disabled={!isReady}>
          {button}
        </Button>
      </Stack>
    </form>
  );
}
