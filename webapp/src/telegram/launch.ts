/**
 * What Telegram wrote behind the `#` when it opened the page.
 *
 * Read leniently: whatever else a client puts there, the server alone judges the signed part.
 */
import * as z from "zod/mini";
import { recall, remember } from "../state/storage";
import { parseJson, readTheme } from "./theme";

const launchSchema = z.object({
  /** Null where the client opened the page without: then it knows nobody, and is a client all the same. */
  initData: z.nullable(z.string()),
  version: z.string(),
  platform: z.string(),
  theme: z.record(z.string(), z.string()),
});
export type Launch = z.infer<typeof launchSchema>;

const KEY = "launch";
const OLDEST = "6.0";
const VERSION = /^\d+(\.\d+)*$/;

/** Null outside Telegram.  A reload may have lost the hash, so it is kept for the tab's life. */
export function readLaunch(hash: string): Launch | null {
  const params = new URLSearchParams(hash.replace(/^#[?/]*/, ""));
  const isLaunch = Array.from(params.keys()).some((name) => name.startsWith("tgWebApp"));
  if (!isLaunch) return recall(KEY, launchSchema);
  const initData = params.get("tgWebAppData") ?? "";
  const version = params.get("tgWebAppVersion") ?? "";
  const launch = {
    initData: initData === "" ? null : initData,
    version: VERSION.test(version) ? version : OLDEST,
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
    .safeParse(parseJson(new URLSearchParams(launch.initData ?? "").get("user")));
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
  return query ?? new URLSearchParams(launch?.initData ?? "").get("start_param");
}
