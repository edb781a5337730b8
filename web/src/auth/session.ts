import { OidcClient, User, UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { Config } from "../config";

/** So long before its end a token counts as ended: a request takes time. */
const SPARE_SECONDS = 30;

type Listener = () => void;

/**
 * Who is logged in in this tab. Tokens live in the tab's session storage and never in an address: what comes back from
 * the pool's log-in page is a code, which is worth nothing without the verifier that this tab keeps (PKCE).
 */
export class Session {
  user: User | null = null;
  /** The log-in has ended and could not be renewed; what is on the page stays there. */
  hasExpired = false;
  private renewing: Promise<string | null> | null = null;
  private readonly listeners = new Set<Listener>();
  private readonly manager: UserManager;
  private readonly client: OidcClient;

  constructor(private readonly config: Config) {
    const { origin } = window.location;
    const store = new WebStorageStateStore({ store: window.sessionStorage });
    const settings = {
      authority: config.issuer,
      client_id: config.client_id,
      redirect_uri: origin,
      response_type: "code",
      scope: "openid aws.cognito.signin.user.admin",
      metadata: {
        issuer: config.issuer,
        authorization_endpoint: `${config.log_in_url}/oauth2/authorize`,
        token_endpoint: `${config.log_in_url}/oauth2/token`,
      },
      userStore: store,
      stateStore: store,
      automaticSilentRenew: false,
      loadUserInfo: false,
    };
    this.manager = new UserManager(settings);
    this.client = new OidcClient(settings);
  }

  /** Take up what this tab knew before it was loaded, or what the log-in page sent it back with. */
  async begin(): Promise<void> {
    const here = new URL(window.location.href);
    if (here.searchParams.has("state") && (here.searchParams.has("code") || here.searchParams.has("error"))) {
      let back = "/";
      try {
        this.user = await this.manager.signinCallback().then((user) => user ?? null);
        if (typeof this.user?.state === "string") back = this.user.state;
      } catch {
        // A code that was used, or a log-in that was begun in another tab: the front page offers to begin again.
        this.user = await this.manager.getUser();
      }
      window.history.replaceState(null, "", back);
    } else {
      this.user = await this.manager.getUser();
    }
  }

  get id(): string {
    return this.user?.profile.sub ?? "";
  }

  get groups(): readonly string[] {
    const groups = this.user?.profile["cognito:groups"];
    return Array.isArray(groups) ? (groups as string[]) : [];
  }

  /** An access token that is good for the next seconds; null when there is none to be had. */
  async token(): Promise<string | null> {
    if (!this.user) return null;
    const left = this.user.expires_in ?? 0;
    return left > SPARE_SECONDS ? this.user.access_token : this.renew();
  }

  /** A new access token by the refresh token, asked for once however many want it. */
  renew(): Promise<string | null> {
    this.renewing ??= this.askForRenewal().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  private async askForRenewal(): Promise<string | null> {
    if (this.hasExpired || !this.user) return null;
    try {
      // Not the manager's signinSilent: it compares the ID tokens' auth_time, which the local pool, against OpenID
      // Connect, moves to the renewal. This is the rest of what it does.
      const { refresh_token = "", session_state, scope, profile } = this.user;
      const state = { refresh_token, session_state, scope, profile };
      const response = await this.client.useRefreshToken({ state });
      if (response.profile.sub !== profile.sub) throw new Error("somebody else's tokens");
      this.user = new User({ ...state, ...response });
      await this.manager.storeUser(this.user);
      return this.user.access_token;
    } catch (error) {
      // The pool did not answer: that says nothing about the log-in.
      if (error instanceof TypeError) throw error;
      this.hasExpired = true;
      this.tell();
      return null;
    }
  }

  async logIn(back = `${window.location.pathname}${window.location.search}`): Promise<void> {
    await this.manager.signinRedirect({ state: back });
  }

  async logOut(): Promise<void> {
    await this.manager.removeUser();
    // What was typed is nobody else's to read.
    window.sessionStorage.clear();
    const query = new URLSearchParams({
      client_id: this.config.client_id,
      logout_uri: window.location.origin,
    });
    window.location.assign(`${this.config.log_in_url}/logout?${query}`);
  }

  /** For useSyncExternalStore. */
  subscribe = (listener: Listener): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

let current: Session | null = null;

export async function beginSession(config: Config): Promise<Session> {
  current = new Session(config);
  await current.begin();
  return current;
}

export function session(): Session {
  if (!current) throw new Error("the session has not begun");
  return current;
}
