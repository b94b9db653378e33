import { type ReactNode, useEffect, useState } from "react";
import { Stars } from "./Stars";
import { stillness } from "./stillness";

const LASTS_MS = 700;

/** An amount of Stars that runs up to its value: at once where less motion is wanted. */
export function CountUp({ amount, sign }: { amount: number; sign?: string }): ReactNode {
  const [shown, setShown] = useState(() => (stillness.matches ? amount : 0));
  useEffect(() => {
    if (stillness.matches) return;
    const startedAt = performance.now();
    let frame = requestAnimationFrame(function run(now: number) {
      const part = Math.min(1, Math.max(0, (now - startedAt) / LASTS_MS));
      setShown(Math.round(amount * (1 - (1 - part) ** 3)));
      if (part < 1) frame = requestAnimationFrame(run);
    });
    return () => {
      cancelAnimationFrame(frame);
    };
  }, [amount]);
  return <Stars amount={amount} shown={shown} sign={sign} />;
}
