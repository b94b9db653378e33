/**
 * The number of one's own taps, written past React: it changes with every touch, and what a touch does must be over
 * well before the next frame.
 */
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { useServices } from "../../services/context";
import { follow } from "../../state/store";

export function OwnTaps({ testId }: { testId?: string }): ReactNode {
  const { ownTaps } = useServices().room;
  const ref = useRef<HTMLSpanElement>(null);
  useLayoutEffect(
    () =>
      follow(ownTaps, (taps) => {
        if (ref.current) ref.current.textContent = String(taps);
      }),
    [ownTaps],
  );
  return <span ref={ref} data-testid={testId} />;
}
