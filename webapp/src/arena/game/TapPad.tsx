/**
 * The round button at work, whatever its taps are for.
 *
 * A tap is counted in the event of the finger coming down, so that it is painted with the next frame; every finger
 * counts for itself.  Keys count once however long they are held.
 */
import {
  type KeyboardEvent,
  type ReactNode,
  type SyntheticEvent,
  useEffect,
  useEffectEvent,
  useRef,
} from "react";
import { useServices } from "../../services/context";
import { useSounds } from "../../sounds/use-sounds";
import { RoundButton } from "../../ui/RoundButton";
import { TapFeedback } from "./tap-feedback";
import styles from "./game.module.css";

interface TapPadProps {
  /** Whether it counts: only then it is felt, heard and seen. */
  readonly onTap: () => boolean;
  readonly isDisabled: boolean;
  readonly children: ReactNode;
}

export function TapPad({ onTap, isDisabled, children }: TapPadProps): ReactNode {
  const { telegram } = useServices();
  const sounds = useSounds();
  const button = useRef<HTMLButtonElement>(null);
  const glow = useRef<HTMLSpanElement>(null);
  const layer = useRef<HTMLSpanElement>(null);
  const feedback = useRef<TapFeedback>(null);
  const tap = (x: number | null, y: number | null): void => {
    if (!onTap()) return;
    feedback.current?.tap(x, y, performance.now());
    // Felt and heard as soon as it is painted: neither takes its time from the frame.
    setTimeout(() => {
      telegram.haptic("tap");
      sounds.play("tap");
    }, 0);
  };
  const onPointerDown = useEffectEvent((event: PointerEvent) => {
    if (event.button === 0) tap(event.clientX, event.clientY);
  });
  useEffect(() => {
    const pad = button.current;
    if (!pad || !glow.current || !layer.current) return;
    const made = new TapFeedback(pad, glow.current, layer.current);
    feedback.current = made;
    // Not React's handlers: its `onTouchStart` could not prevent anything.
    pad.addEventListener("pointerdown", onPointerDown);
    pad.addEventListener("touchstart", preventDefault);
    return () => {
      pad.removeEventListener("pointerdown", onPointerDown);
      pad.removeEventListener("touchstart", preventDefault);
      made.dispose();
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent<HTMLButtonElement>): void => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) tap(null, null);
  };

  return (
    <div className={styles.button}>
      <span ref={glow} className={styles.glow} aria-hidden="true" />
      <RoundButton
        ref={button}
        isDisabled={isDisabled}
        autoFocus
        data-testid="tap"
        onKeyDown={onKeyDown}
        onKeyUp={preventDefault}
        onClick={(event) => {
          // No pointer and no key came before: a screen reader pressed the button.
          if (event.detail === 0) tap(null, null);
        }}
        onContextMenu={preventDefault}
      >
        {children}
      </RoundButton>
      <span ref={layer} className={styles.floats} aria-hidden="true" />
    </div>
  );
}

/** Of a touch: the mouse that the browser plays afterwards, which would only cost time. */
function preventDefault(event: Event | SyntheticEvent): void {
  event.preventDefault();
}
