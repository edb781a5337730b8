/** What the gateway (on AWS: a file of the deployment) tells the app at its start. */
export interface Config {
  client_id: string;
  issuer: string;
  log_in_url: string;
  user_pool_url: string;
}

export async function readConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`config.json: ${answer.status}`);
  return (await answer.json()) as Config;
}
