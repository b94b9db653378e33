/**
 * What Telegram wrote behind the `#` when it opened the page.
 *
 * Read leniently: whatever else a client puts there, the server alone judges the signed part.
 */
import * as z from "zod/mini";
import { recall, remember } from "../state/storage";

const launchSchema = z.object({
  initData: z.string(),
  version: z.string(),
  platform: z.string(),
  theme: z.record(z.string(), z.string()),
});
export type Launch = z.infer<typeof launchSchema>;

const KEY = "launch";
const themeSchema = launchSchema.shape.theme;

/** Null outside Telegram.  A reload may have lost the hash, so it is kept for the tab's life. */
export function readLaunch(hash: string): Launch | null {
  const params = new URLSearchParams(hash.replace(/^#/, ""));
  const initData = params.get("tgWebAppData");
  if (!initData) return recall(KEY, launchSchema);
  const launch = {
    initData,
    version: params.get("tgWebAppVersion") ?? "6.0",
    platform: params.get("tgWebAppPlatform") ?? "unknown",
    theme: readTheme(params.get("tgWebAppThemeParams")),
  };
  remember(KEY, launch);
  return launch;
}

/** The player's language as Telegram has it; only a first guess, so nothing depends on its being true. */
export function languageOf(launch: Launch): string | null {
  const user = z
    .object({ language_code: z.optional(z.string()) })
    .safeParse(parseJson(new URLSearchParams(launch.initData).get("user")));
  return user.success ? (user.data.language_code ?? null) : null;
}

/** Whether the bot might write to the player when the app was opened. */
export function isWriteAllowed(initData: string): boolean {
  const user = z
    .object({ allows_write_to_pm: z.literal(true) })
    .safeParse(parseJson(new URLSearchParams(initData).get("user")));
  return user.success;
}

/** What the link carried: the bot's button puts it into the query; a direct link also into the signed part. */
export function readStartParam(search: string, launch: Launch | null): string | null {
  const query = new URLSearchParams(search).get("tgWebAppStartParam");
  return query ?? new URLSearchParams(launch?.initData).get("start_param");
}

function readTheme(text: string | null): Launch["theme"] {
  const theme = themeSchema.safeParse(parseJson(text));
  return theme.success ? theme.data : {};
}

function parseJson(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "null");
  } catch {
    return null;
  }
}
