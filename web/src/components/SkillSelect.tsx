import { Select, type SelectProps } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { skills } from "../api/queries";
import { language } from "../i18n";
import { longList } from "./lists";
import { categoryName } from "./skills";

export function SkillSelect(props: SelectProps) {
  const { t } = useTranslation();
  const { data } = useQuery(skills());
  const groups = new Map<string, { value: string; label: string }[]>();
  for (const skill of data?.items ?? []) {
    const group = groups.get(skill.category) ?? [];
    group.push({ value: skill.slug, label: skill.names[language()] });
    groups.set(skill.category, group);
  }
  return (
    <Select
      {...longList}
      searchable
      placeholder={t("offering.pickSkill")}
      nothingFoundMessage={t("offering.noSkill")}
      data={[...groups].map(([category, items]) => ({ group: categoryName(category), items }))}
      {...props}
    />
  );
}
