import { createBrowserRouter, type RouteObject } from "react-router";
import type { Pool } from "../auth/pool";
import { session } from "../auth/session";
import { Welcome } from "../auth/Welcome";
import { Loading } from "../components/States";
import { Missing, RouteError } from "./RouteError";
import { Shell } from "./Shell";

/** Paths are those that mails lead to. Every page is a file of its own, fetched when it is first gone to. */
export function makeRouter(pool: Pool) {
  return createBrowserRouter([
    { HydrateFallback: Loading, ErrorBoundary: RouteError, children: routes(pool) },
  ]);
}

function routes(pool: Pool): RouteObject[] {
  if (!session().user) {
    return [
      {
        path: "/sign-up",
        lazy: async () => {
          const { SignUp } = await import("../auth/SignUp");
          return { element: <SignUp pool={pool} /> };
        },
      },
      { path: "*", element: <Welcome /> },
    ];
  }
  const pages: RouteObject[] = [
    { index: true, lazy: async () => ({ Component: (await import("../pages/Home")).Home }) },
    { path: "find", lazy: async () => ({ Component: (await import("../pages/Find")).Find }) },
    { path: "people/:id", lazy: async () => ({ Component: (await import("../pages/Person")).Person }) },
    {
      path: "offerings/:id",
      lazy: async () => ({ Component: (await import("../pages/OfferingPage")).OfferingPage }),
    },
    { path: "me", lazy: async () => ({ Component: (await import("../pages/Me")).Me }) },
    {
      path: "transactions",
      lazy: async () => ({ Component: (await import("../pages/exchanges/List")).List }),
    },
    {
      path: "transactions/new",
      lazy: async () => ({ Component: (await import("../pages/exchanges/New")).New }),
    },
    {
      path: "transactions/:id",
      lazy: async () => ({ Component: (await import("../pages/exchanges/Exchange")).Exchange }),
    },
    {
      path: "transactions/:id/edit",
      lazy: async () => ({ Component: (await import("../pages/exchanges/Editor")).Editor }),
    },
    { path: "hours", lazy: async () => ({ Component: (await import("../pages/Hours")).Hours }) },
    { path: "inbox", lazy: async () => ({ Component: (await import("../pages/Inbox")).Inbox }) },
    { path: "settings", lazy: async () => ({ Component: (await import("../pages/Settings")).Settings }) },
  ];
  const coordinators: RouteObject[] = [
    {
      path: "analytics",
      lazy: async () => ({ Component: (await import("../pages/community/Figures")).Figures }),
    },
    {
      path: "community/members",
      lazy: async () => ({ Component: (await import("../pages/community/Members")).Members }),
    },
    {
      path: "community/skills",
      lazy: async () => ({ Component: (await import("../pages/community/Skills")).Skills }),
    },
  ];
  const operators: RouteObject[] = [
    {
      path: "operations",
      lazy: async () => ({ Component: (await import("../pages/operations/System")).System }),
    },
    {
      path: "operations/trail",
      lazy: async () => ({ Component: (await import("../pages/operations/Trail")).Trail }),
    },
  ];
  const { groups } = session();
  const mine = [
    ...pages,
    ...(groups.includes("coordinator") ? coordinators : []),
    ...(groups.includes("operator") ? operators : []),
  ];
  // An error of a page is shown in the page's place: the way to the others stays.
  const children = mine.map((page) => ({ ...page, ErrorBoundary: RouteError }) as RouteObject);
  return [{ element: <Shell />, children: [...children, { path: "*", element: <Missing /> }] }];
}
