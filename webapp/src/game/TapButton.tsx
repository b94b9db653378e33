/**
 * The button everything is about.
 *
 * A tap is counted in the event of the finger coming down, so that it is painted with the next frame; every finger
 * counts for itself.  Keys count once however long they are held.
 */
import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import { useStore } from "../state/use-store";
import { RoundButton } from "../ui/RoundButton";
import { splash } from "./splash";
import styles from "./game.module.css";

export function TapButton({
  isBlocked,
  isOver,
}: {
  isBlocked: boolean;
  isOver: boolean;
}): ReactNode {
  const { t } = useTranslation();
  const { room, telegram } = useServices();
  const taps = useStore(room.ownTaps);
  const layer = useRef<HTMLSpanElement>(null);
  const isDisabled = isBlocked || isOver;

  const tap = (button: HTMLButtonElement, x: number, y: number): void => {
    if (!room.tap()) return;
    telegram.haptic("tap");
    if (layer.current) splash(button, layer.current, x, y);
  };
  const tapMiddle = (button: HTMLButtonElement): void => {
    const { width, height } = button.getBoundingClientRect();
    tap(button, width / 2, height / 3);
  };
  const onPointerDown = (event: PointerEvent<HTMLButtonElement>): void => {
    if (event.button !== 0) return;
    const { left, top } = event.currentTarget.getBoundingClientRect();
    tap(event.currentTarget, event.clientX - left, event.clientY - top);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLButtonElement>): void => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) tapMiddle(event.currentTarget);
  };

  return (
    <div className={styles.button}>
      <RoundButton
        isDisabled={isDisabled}
        autoFocus
        aria-label={t("game.tapHint")}
        data-testid="tap"
        onPointerDown={onPointerDown}
        onKeyDown={onKeyDown}
        onKeyUp={(event) => {
          event.preventDefault();
        }}
        onClick={(event) => {
          // No pointer and no key came before: a screen reader pressed the button.
          if (event.detail === 0) tapMiddle(event.currentTarget);
        }}
        onContextMenu={(event) => {
          event.preventDefault();
        }}
      >
        <strong>{t(isBlocked ? "game.blocked" : "game.tap")}</strong>
        <span data-testid="own-taps">{taps}</span>
      </RoundButton>
      <span ref={layer} className={styles.splashes} aria-hidden="true" />
      {isOver && <p className={styles.over}>{t("game.timeUp")}</p>}
    </div>
  );
}
