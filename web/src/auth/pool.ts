import type { Config } from "../config";

/** A refusal of the user pool, by its name: UsernameExistsException, CodeMismatchException, … */
export class PoolRefusal extends Error {}

/** The user pool's public API, which takes no signature. Only what a new person needs; log-in is at the pool's page. */
export class Pool {
  constructor(private readonly config: Config) {}

  signUp(email: string, password: string): Promise<void> {
    const attributes = [{ Name: "email", Value: email }];
    return this.ask("SignUp", { Username: email, Password: password, UserAttributes: attributes });
  }

  confirm(email: string, code: string): Promise<void> {
    return this.ask("ConfirmSignUp", { Username: email, ConfirmationCode: code });
  }

  sendCodeAgain(email: string): Promise<void> {
    return this.ask("ResendConfirmationCode", { Username: email });
  }

  private async ask(action: string, body: object): Promise<void> {
    const answer = await fetch(`${this.config.user_pool_url}/`, {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AWSCognitoIdentityProviderService.${action}`,
      },
      body: JSON.stringify({ ClientId: this.config.client_id, ...body }),
      signal: AbortSignal.timeout(20_000),
    });
    if (answer.ok) return;
    const refusal = (await answer.json().catch(() => ({}))) as { __type?: string };
    throw new PoolRefusal(refusal.__type?.split("#").pop() ?? String(answer.status));
  }
}
