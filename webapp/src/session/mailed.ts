/**
 * The link of a mail that opened the page: what it is for, and its token.
 *
 * It is taken out of the address at once, so that it is neither shared nor kept in the browser's history, and stays for
 * this tab until it was used: a reload in between shows the same screen.
 */
import * as z from "zod/mini";
import { forget, recall, remember } from "../state/storage";
import { createStore, type Readable } from "../state/store";

const mailedSchema = z.object({
  purpose: z.enum(["verify", "reset", "object"]),
  token: z.string(),
});
export type Mailed = z.infer<typeof mailedSchema>;

const KEY = "mailed";
const LINK = /^#(verify|reset|object)=(\S{1,128})$/;

export function readMailed(hash: string): Mailed | null {
  const [, purpose, token] = LINK.exec(hash) ?? [];
  const mailed = mailedSchema.safeParse({ purpose, token });
  return mailed.success ? mailed.data : null;
}

export class MailedLink {
  private readonly store = createStore<Mailed | null>(recall(KEY, mailedSchema));

  constructor() {
    this.take();
    window.addEventListener("hashchange", () => {
      this.take();
    });
  }

  get current(): Readable<Mailed | null> {
    return this.store;
  }

  /** It was used, or is not wanted. */
  done(): void {
    forget(KEY);
    this.store.set(null);
  }

  private take(): void {
    const mailed = readMailed(window.location.hash);
    if (!mailed) return;
    window.history.replaceState(
      window.history.state,
      "",
      window.location.pathname + window.location.search,
    );
    remember(KEY, mailed);
    this.store.set(mailed);
  }
}
