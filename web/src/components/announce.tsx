import { Affix, Notification } from "@mantine/core";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";

const SHOWN_MILLISECONDS = 6_000;

const Context = createContext<(text: string) => void>(() => {});

/** Says that something was done, to eyes and screen readers alike. */
export function useAnnounce(): (text: string) => void {
  return useContext(Context);
}

export function Announcer({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const [said, setSaid] = useState<{ text: string; number: number } | null>(null);
  const announce = useCallback(
    (text: string) => setSaid((last) => ({ text, number: (last?.number ?? 0) + 1 })),
    [],
  );
  useEffect(() => {
    if (!said) return;
    const timer = setTimeout(() => setSaid(null), SHOWN_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <Context.Provider value={announce}>
      {children}
      <Affix position={{ bottom: 20, right: 20 }} zIndex={400}>
        <div role="status">
          {said && (
            <Notification
              key={said.number}
              role="group"
              withBorder
              closeButtonProps={{ "aria-label": t("app.close") }}
              onClose={() => setSaid(null)}
            >
              {said.text}
            </Notification>
          )}
        </div>
      </Affix>
    </Context.Provider>
  );
}
