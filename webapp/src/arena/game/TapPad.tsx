/**
 * The round button at work, whatever its taps are for.
 *
 * A tap is counted in the event of the finger coming down, so that it is painted with the next frame; every finger
 * counts for itself.  Keys count once however long they are held.  In a race a thumb strays: the whole place that the
 * button stands in takes taps, which has to be positioned.
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
  const area = useRef<HTMLSpanElement>(null);
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
    const around = area.current;
    if (!pad || !around || !glow.current || !layer.current) return;
    const made = new TapFeedback(pad, glow.current, layer.current);
    feedback.current = made;
    // Not React's handlers: its `onTouchStart` could not prevent anything.
    for (const target of [pad, around]) {
      target.addEventListener("pointerdown", onPointerDown);
      target.addEventListener("touchstart", preventDefault);
    }
    // A mouse there would take the keys' focus from the button.
    around.addEventListener("mousedown", preventDefault);
    return () => {
      for (const target of [pad, around]) {
        target.removeEventListener("pointerdown", onPointerDown);
        target.removeEventListener("touchstart", preventDefault);
      }
      around.removeEventListener("mousedown", preventDefault);
      made.dispose();
    };
  }, []);
  const onKeyDown = (event: KeyboardEvent<HTMLButtonElement>): void => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) tap(null, null);
  };

  return (
    <>
      <span
        ref={area}
        className={styles.around}
        aria-hidden="true"
        data-testid="tap-area"
        onContextMenu={preventDefault}
      />
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
    </>
  );
}

/** Of a touch: the mouse that the browser plays afterwards, which would only cost time. */
function preventDefault(event: Event | SyntheticEvent): void {
  event.preventDefault();
}
