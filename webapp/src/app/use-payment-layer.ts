/** What payments show over the screens: loaded where there is any way to pay, and missed by nothing where it cannot be. */
import { useEffect, useState } from "react";
import type { Offers } from "../protocol/generated";
import { useServices } from "../services/context";
import { whenIdle } from "../services/when-idle";
import { useStore } from "../state/use-store";

export interface PaymentLayer {
  readonly parts: typeof import("../money/layer");
  readonly offers: Offers;
}

export function usePaymentLayer(): PaymentLayer | null {
  const offers = useStore(useServices().offers);
  const [parts, setParts] = useState<PaymentLayer["parts"] | null>(null);
  const isOffered =
    offers !== null && (offers.deposits.stars || offers.deposits.ton || offers.wallet);
  useEffect(() => {
    if (!isOffered) return;
    return whenIdle(() => {
      // Out of reach: what was left waits for the next start.
      import("../money/layer").then(setParts, () => undefined);
    });
  }, [isOffered]);
  return parts && offers && isOffered ? { parts, offers } : null;
}
