import { Button, Paper, Stack, Text, Title } from "@mantine/core";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, Navigate, useParams } from "react-router";
import { isMissing } from "../api/problem";
import { offerings, person, personStats } from "../api/queries";
import { Missing } from "../app/RouteError";
import { session } from "../auth/session";
import { OfferingCard } from "../components/offering";
import { Page } from "../components/Page";
import { Pages } from "../components/Pages";
import { Failure, ListSkeleton, Message } from "../components/States";
import { duration } from "../format";

/** Another member's public profile. */
export function Person() {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const { data, error, isPending, refetch } = useQuery(person(id));
  const stats = useQuery(personStats(id));
  const query = useInfiniteQuery(offerings({ owner: id }));
  if (id === session().id) return <Navigate to="/me" replace />;
  if (isMissing(error)) return <Missing />;
  if (isPending) return <ListSkeleton />;
  if (!data) return <Failure error={error} onRetry={() => void refetch()} />;
  const name = data.display_name || data.first_name;
  return (
    <Page
      title={name}
      actions={
        <Button component={Link} to={`/transactions/new?with=${id}`}>
          {t("profile.proposeTo")}
        </Button>
      }
    >
      <Paper>
        <Stack gap="xs">
          <Text c="dimmed">{`${data.first_name} ${data.last_name}`}</Text>
          <Text className="written">{data.about || t("profile.noAbout")}</Text>
          {stats.data && stats.data.finalized > 0 && (
            <Text size="sm">
              {t("profile.stats")}: {t("profile.finalized", { count: stats.data.finalized })},{" "}
              {duration(stats.data.minutes_given)} {t("profile.given")},{" "}
              {duration(stats.data.minutes_received)} {t("profile.received")},{" "}
              {t("profile.partners", { count: stats.data.partners })}
            </Text>
          )}
        </Stack>
      </Paper>
      <Title order={2} size="h4">
        {t("profile.offers")} · {t("profile.wants")}
      </Title>
      <Pages
        query={query}
        empty={<Message title={t("find.nothing")} text={t("profile.nothingToSee", { name })} />}
      >
        {(items) => (
          <>
            {items.map((one) => (
              <OfferingCard key={one.id} offering={one}>
                <Button
                  component={Link}
                  size="xs"
                  variant="light"
                  to={`/transactions/new?kind=gift&with=${id}&${one.kind === "offer" ? "gets" : "gives"}=${one.skill}`}
                >
                  {t("profile.proposeTo")}
                </Button>
              </OfferingCard>
            ))}
          </>
        )}
      </Pages>
    </Page>
  );
}
