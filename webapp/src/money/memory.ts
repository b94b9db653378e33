/**
 * Which payment is under way on this device and for which room: kept in localStorage, a record for each player.
 *
 * `take` is what keeps two tabs from entering a room for one payment: the record is there once.  A page may be denied
 * storage: then the record lives as long as the page.
 */
import * as z from "zod/mini";
import { wishSchema } from "../api/wish";

const recordSchema = z.object({
  paymentId: z.string(),
  intent: z.nullable(z.object({ wish: wishSchema, atMs: z.number() })),
  perhapsPaid: z.boolean(),
});
export type Remembered = z.infer<typeof recordSchema>;

const PREFIX = "chance-tap.payment.";

export class PaymentMemory {
  private readonly key: string;
  private fallback: string | null = null;
  private isDenied = false;

  constructor(userId: string) {
    this.key = PREFIX + userId;
  }

  read(): Remembered | null {
    try {
      const record = recordSchema.safeParse(JSON.parse(this.text() ?? "null"));
      return record.success ? record.data : null;
    } catch {
      return null;
    }
  }

  keep({ paymentId, intent, perhapsPaid }: Remembered): void {
    this.fallback = JSON.stringify({ paymentId, intent, perhapsPaid });
    try {
      localStorage.setItem(this.key, this.fallback);
    } catch {
      this.isDenied = true;
    }
  }

  forget(): void {
    this.fallback = null;
    try {
      localStorage.removeItem(this.key);
    } catch {
      this.isDenied = true;
    }
  }

  /** Whether this payment's record was still there; it is not any more. */
  take(paymentId: string): boolean {
    if (this.read()?.paymentId !== paymentId) return false;
    this.forget();
    return true;
  }

  private text(): string | null {
    if (this.isDenied) return this.fallback;
    try {
      return localStorage.getItem(this.key);
    } catch {
      this.isDenied = true;
      return this.fallback;
    }
  }
}
