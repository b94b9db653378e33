/** The bar of a player in a race: how far its taps have come on the scale of the game. */
import { type ReactNode, type RefObject, useLayoutEffect, useRef } from "react";
import { useServices } from "../../services/context";
import { follow } from "../../state/store";
import { cx } from "../../ui/cx";
import { Glide, shift } from "./glide";
import styles from "./track.module.css";

interface TrackProps {
  /** How many taps a full bar stands for. */
  readonly scale: number;
  /** Its height and its place; the colours are its own. */
  readonly looks: string | undefined;
}

export function Track({ taps, ...rest }: TrackProps & { readonly taps: number }): ReactNode {
  const [bar, glide] = useGlide();
  useLayoutEffect(() => {
    glide.current?.moveTo(taps / rest.scale, performance.now());
  }, [glide, taps, rest.scale]);
  return <Lane bar={bar} looks={rest.looks} />;
}

/** One so small that a glide is not seen: fifty at once would cost more than all the rest of the race. */
export function StillTrack({
  taps,
  scale,
  looks,
}: TrackProps & { readonly taps: number }): ReactNode {
  return (
    <span className={cx(styles.track, looks)} aria-hidden="true">
      <span style={{ transform: shift(taps / scale) }} />
    </span>
  );
}

/** One's own bar runs with the finger. */
export function OwnTrack({ scale, looks }: TrackProps): ReactNode {
  const { ownTaps } = useServices().room;
  const [bar, glide] = useGlide();
  useLayoutEffect(
    () =>
      follow(ownTaps, (taps) => {
        glide.current?.moveTo(taps / scale, performance.now());
      }),
    [glide, ownTaps, scale],
  );
  return <Lane bar={bar} looks={looks} />;
}

function Lane({
  bar,
  looks,
}: {
  bar: RefObject<HTMLSpanElement | null>;
  looks: string | undefined;
}): ReactNode {
  return (
    <span className={cx(styles.track, looks)} aria-hidden="true">
      <span ref={bar} />
    </span>
  );
}

function useGlide(): [RefObject<HTMLSpanElement | null>, RefObject<Glide | null>] {
  const bar = useRef<HTMLSpanElement>(null);
  const glide = useRef<Glide>(null);
  useLayoutEffect(() => {
    glide.current = bar.current && new Glide(bar.current);
  }, []);
  return [bar, glide];
}
