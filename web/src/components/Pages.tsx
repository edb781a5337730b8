import { Button, Center, Stack } from "@mantine/core";
import type { UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Failure, ListSkeleton } from "./States";

interface PagesProps<Item> {
  query: UseInfiniteQueryResult<{ pages: { items: Item[] }[] }>;
  empty: ReactNode;
  children: (items: Item[]) => ReactNode;
}

/** A list that comes in pages: while it loads, when it is empty, when it fails, and the next page. */
export function Pages<Item>({ query, empty, children }: PagesProps<Item>) {
  const { t } = useTranslation();
  if (query.isPending) return <ListSkeleton />;
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <Stack gap="md">
      {query.isError && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {items.length > 0 ? children(items) : !query.isError && empty}
      {query.hasNextPage && (
        <Center>
          <Button
            variant="default"
            loading={query.isFetchingNextPage}
            onClick={() => void query.fetchNextPage()}
          >
            {t("app.more")}
          </Button>
        </Center>
      )}
    </Stack>
  );
}
