import { MantineProvider } from "@mantine/core";
import { QueryClientProvider } from "@tanstack/react-query";
import { lazy, Suspense, useState, useSyncExternalStore } from "react";
import { RouterProvider } from "react-router/dom";
import { makeQueryClient } from "../api/queries";
import type { Pool } from "../auth/pool";
import { session } from "../auth/session";
import { Announcer } from "../components/announce";
import { makeRouter } from "./routes";
import { theme } from "./theme";

const Expired = lazy(async () => ({ default: (await import("../auth/Expired")).Expired }));

export function App({ pool }: { pool: Pool }) {
  const [queries] = useState(makeQueryClient);
  const [router] = useState(() => makeRouter(pool));
  const hasExpired = useSyncExternalStore(session().subscribe, () => session().hasExpired);
  return (
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <Announcer>
          <RouterProvider router={router} />
          {hasExpired && (
            <Suspense>
              <Expired />
            </Suspense>
          )}
        </Announcer>
      </QueryClientProvider>
    </MantineProvider>
  );
}
