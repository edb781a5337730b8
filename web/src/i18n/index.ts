import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en";

export const LANGUAGES = { en: "English", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

const STORED = "skillsync.language";

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

export function language(): Language {
  return i18next.language === "de" ? "de" : "en";
}

/** The reader's own way to write dates in the language: British, American … */
export function locale(): string {
  return navigator.languages.find((one) => one.startsWith(language())) ?? language();
}

export async function beginLanguage(): Promise<void> {
  const wanted = localStorage.getItem(STORED) ?? navigator.language;
  await i18next.use(initReactI18next).init({
    lng: "en",
    fallbackLng: "en",
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
  });
  await change(wanted.startsWith("de") ? "de" : "en");
}

export async function choose(wanted: Language): Promise<void> {
  localStorage.setItem(STORED, wanted);
  await change(wanted);
}

async function change(wanted: Language): Promise<void> {
  if (wanted === "de" && !i18next.hasResourceBundle("de", "translation")) {
    // Whoever reads English does not wait for German.
    const { de } = await import("./de");
    i18next.addResourceBundle("de", "translation", de);
  }
  await i18next.changeLanguage(wanted);
  document.documentElement.lang = wanted;
}
