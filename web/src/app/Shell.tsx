import {
  Alert,
  AppShell,
  Badge,
  Burger,
  Container,
  Group,
  NavLink,
  ScrollArea,
  Stack,
  Text,
  VisuallyHidden,
} from "@mantine/core";
import { useDisclosure, useNetwork } from "@mantine/hooks";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { Outlet, NavLink as RouterLink, ScrollRestoration, useLocation } from "react-router";
import { ApiError } from "../api/problem";
import { notifications, ownProfile } from "../api/queries";
import { session } from "../auth/session";
import { Icon, type IconName } from "../components/Icon";
import { Failure, Loading } from "../components/States";
import { Brand } from "./Brand";
import { Standing } from "./Standing";

const Join = lazy(async () => ({ default: (await import("../auth/Join")).Join }));

/** The frame of every page: the way around, and the page. */
export function Shell() {
  const { t } = useTranslation();
  const [isOpen, menu] = useDisclosure(false);
  const { pathname } = useLocation();
  const { online } = useNetwork();
  const main = useRef<HTMLElement>(null);
  const before = useRef(pathname);
  const closeMenu = menu.close;

  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    closeMenu();
    // A screen reader goes on at the new page, not at the link that led there.
    main.current?.focus({ preventScroll: true });
  }, [pathname, closeMenu]);

  return (
    <AppShell
      header={{ height: { base: 56, sm: 0 } }}
      navbar={{ width: 232, breakpoint: "sm", collapsed: { mobile: !isOpen } }}
      padding={{ base: "md", sm: "xl" }}
    >
      <a href="#main" className="skip">
        {t("app.skip")}
      </a>
      <AppShell.Header hiddenFrom="sm">
        <Group h="100%" px="md" justify="space-between">
          <Brand />
          <Burger
            opened={isOpen}
            onClick={menu.toggle}
            aria-label={t("app.menu")}
            aria-expanded={isOpen}
            size="sm"
          />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar p="md" aria-label={t("nav.main")}>
        <AppShell.Section visibleFrom="sm" mb="md" px="xs">
          <Brand />
        </AppShell.Section>
        <AppShell.Section grow component={ScrollArea}>
          <Ways />
        </AppShell.Section>
        <AppShell.Section>
          <NavLink
            component="button"
            label={t("nav.logOut")}
            leftSection={<Icon name="logOut" />}
            onClick={() => void session().logOut()}
          />
        </AppShell.Section>
      </AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1}>
        <Container size="md" px={0}>
          <Stack gap="lg">
            {!online && (
              <Alert color="yellow" role="status">
                {t("app.offline")}
              </Alert>
            )}
            <Suspense fallback={<Loading />}>
              <Members>
                <Outlet />
              </Members>
            </Suspense>
          </Stack>
        </Container>
      </AppShell.Main>
      <ScrollRestoration />
    </AppShell>
  );
}

/** The page for members; who has no profile yet makes one first, and is then where they wanted to be. */
function Members({ children }: { children: ReactNode }) {
  const { data, error, refetch, isPending } = useQuery(ownProfile());
  if (isPending) return <Loading />;
  if (error instanceof ApiError && error.status === 404) return <Join />;
  if (!data) return <Failure error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <Standing profile={data} />
      {children}
    </>
  );
}

function Ways() {
  const { t } = useTranslation();
  const { data: profile } = useQuery(ownProfile());
  const inbox = useInfiniteQuery({ ...notifications(false), enabled: Boolean(profile) });
  const unread = inbox.data?.pages[0]?.unread ?? 0;
  return (
    <>
      <Way to="/" icon="home" label={t("nav.home")} end />
      <Way to="/find" icon="find" label={t("nav.find")} />
      <Way to="/transactions" icon="exchanges" label={t("nav.exchanges")} />
      <Way to="/hours" icon="hours" label={t("nav.hours")} />
      <Way
        to="/inbox"
        icon="inbox"
        label={t("nav.inbox")}
        right={
          unread > 0 && (
            <Badge variant="filled" size="sm" data-testid="unread">
              {unread > 99 ? "99+" : unread}
              <VisuallyHidden> {t("nav.unread")}</VisuallyHidden>
            </Badge>
          )
        }
      />
      <Way to="/me" icon="profile" label={t("nav.profile")} />
      <Way to="/settings" icon="settings" label={t("nav.settings")} />
      {session().groups.includes("coordinator") && (
        <>
          <Text size="xs" fw={700} c="dimmed" tt="uppercase" mt="md" mb={4} px="xs">
            {t("nav.community")}
          </Text>
          <Way to="/analytics" icon="figures" label={t("nav.figures")} />
          <Way to="/community/members" icon="members" label={t("nav.members")} />
          <Way to="/community/skills" icon="skills" label={t("nav.skills")} />
        </>
      )}
      {session().groups.includes("operator") && (
        <>
          <Text size="xs" fw={700} c="dimmed" tt="uppercase" mt="md" mb={4} px="xs">
            {t("nav.operations")}
          </Text>
          <Way to="/operations" icon="system" label={t("nav.system")} end />
          <Way to="/operations/trail" icon="trail" label={t("nav.trail")} />
        </>
      )}
    </>
  );
}

interface WayProps {
  to: string;
  icon: IconName;
  label: string;
  right?: ReactNode;
  end?: boolean;
}

function Way({ to, icon, label, right, end = false }: WayProps) {
  const { pathname } = useLocation();
  const isHere = end ? pathname === to : pathname === to || pathname.startsWith(`${to}/`);
  return (
    <NavLink
      component={RouterLink}
      to={to}
      end={end}
      active={isHere}
      label={label}
      leftSection={<Icon name={icon} />}
      rightSection={right}
    />
  );
}
