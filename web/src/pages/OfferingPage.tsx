import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { Link, useParams, useSearchParams } from "react-router";
import { isMissing } from "../api/problem";
import { offering } from "../api/queries";
import { Missing } from "../app/RouteError";
import { session } from "../auth/session";
import { OwnOffering } from "../components/OwnOffering";
import { OfferingCard } from "../components/offering";
import { Page } from "../components/Page";
import { Renewal } from "../components/Renewal";
import { Failure, ListSkeleton } from "../components/States";
import { useSkillName } from "../components/skills";

/** Where mails about an offering lead; the one that it ends soon leads here with `?renew`. */
export function OfferingPage() {
  const { t } = useTranslation();
  const skillName = useSkillName();
  const { id = "" } = useParams();
  const [search] = useSearchParams();
  const { data, error, isPending, refetch } = useQuery(offering(id));
  if (isMissing(error)) return <Missing />;
  if (isPending) return <ListSkeleton rows={1} />;
  if (!data) return <Failure error={error} onRetry={() => void refetch()} />;
  const isMine = data.owner === session().id;
  return (
    <Page title={skillName(data.skill)}>
      {isMine ? (
        <>
          {search.has("renew") && <Renewal offering={data} />}
          <OwnOffering offering={data} />
        </>
      ) : (
        <OfferingCard offering={data} withOwner>
          <Button
            component={Link}
            to={`/transactions/new?kind=gift&with=${data.owner}&${data.kind === "offer" ? "gets" : "gives"}=${data.skill}`}
          >
            {t("profile.proposeTo")}
          </Button>
        </OfferingCard>
      )}
    </Page>
  );
}
