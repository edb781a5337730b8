import "./app/components.css";
import "./app/app.css";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { Unreachable } from "./app/Unreachable";
import { Pool } from "./auth/pool";
import { beginSession } from "./auth/session";
import { readConfig } from "./config";
import { beginLanguage } from "./i18n";

async function begin(): Promise<void> {
  const root = createRoot(document.getElementById("root") as HTMLElement);
  const language = beginLanguage();
  try {
    const config = await readConfig();
    await Promise.all([language, beginSession(config)]);
    root.render(<App pool={new Pool(config)} />);
  } catch {
    await language;
    root.render(<Unreachable />);
  }
}

void begin();
