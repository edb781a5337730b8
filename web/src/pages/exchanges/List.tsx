import { Button, SegmentedControl, Select } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useSearchParams } from "react-router";
import { transactions } from "../../api/queries";
import type { State } from "../../api/types";
import { ExchangeCard } from "../../components/exchange";
import { Page } from "../../components/Page";
import { Pages } from "../../components/Pages";
import { Message } from "../../components/States";

const STATES: State[] = ["draft", "proposed", "accepted", "finalized", "declined", "cancelled", "expired"];

export function List() {
  const { t } = useTranslation();
  const [search, setSearch] = useSearchParams();
  const state = STATES.find((one) => one === search.get("state"));
  const query = useInfiniteQuery(transactions(state));
  const choices = [
    { value: "", label: t("exchange.all") },
    ...STATES.map((one) => ({ value: one, label: t(`exchange.states.${one}`) })),
  ];
  const choose = (value: string | null) => setSearch(value ? { state: value } : {}, { replace: true });
  return (
    <Page
      title={t("exchange.title")}
      actions={
        <Button component={Link} to="/transactions/new">
          {t("exchange.new")}
        </Button>
      }
    >
      <SegmentedControl
        visibleFrom="sm"
        aria-label={t("exchange.title")}
        data={choices}
        value={state ?? ""}
        onChange={choose}
      />
      <Select
        hiddenFrom="sm"
        aria-label={t("exchange.title")}
        allowDeselect={false}
        data={choices}
        value={state ?? ""}
        onChange={choose}
      />
      <Pages query={query} empty={<Message title={t("exchange.none")} text={t("exchange.noneText")} />}>
        {(items) => (
          <>
            {items.map((one) => (
              <ExchangeCard key={one.id} transaction={one} />
            ))}
          </>
        )}
      </Pages>
    </Page>
  );
}
