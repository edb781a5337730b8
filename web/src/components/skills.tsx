import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { skills } from "../api/queries";
import { language } from "../i18n";

/** Names of skills by their slug, in the reader's language. */
export function useSkillName(): (slug: string | null | undefined) => string {
  const { t } = useTranslation();
  const { data } = useQuery(skills());
  return (slug) => {
    if (!slug) return t("app.unknownSkill");
    return data?.items.find((skill) => skill.slug === slug)?.names[language()] ?? slug;
  };
}

/** "home-and-garden" → "Home and garden". */
export function categoryName(slug: string): string {
  const words = slug.replaceAll("-", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
