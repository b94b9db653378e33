/** The button everything is about. */
import { type ReactNode, useLayoutEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import { cx } from "../ui/cx";
import { usePassed } from "../ui/use-remaining";
import { TapPad } from "./TapPad";
import styles from "./game.module.css";

interface TapButtonProps {
  readonly isBlocked: boolean;
  readonly endsMs: number | null;
}

export function TapButton({ isBlocked, endsMs }: TapButtonProps): ReactNode {
  const { t } = useTranslation();
  const { room, clock } = useServices();
  const isOver = usePassed(clock, endsMs);
  return (
    <TapPad onTap={() => room.tap()} isDisabled={isBlocked || isOver}>
      <strong className={cx(isBlocked && styles.out)}>
        {t(isBlocked ? "game.blocked" : "game.tap")}
      </strong>
      <OwnTaps />
      {!isBlocked && <span className="visually-hidden">{t("game.tapHint")}</span>}
    </TapPad>
  );
}

/** Written past React, in the tap itself. */
function OwnTaps(): ReactNode {
  const { ownTaps } = useServices().room;
  const ref = useRef<HTMLSpanElement>(null);
  useLayoutEffect(() => {
    const write = (): void => {
      if (ref.current) ref.current.textContent = String(ownTaps.get());
    };
    write();
    return ownTaps.subscribe(write);
  }, [ownTaps]);
  return <span ref={ref} data-testid="own-taps" aria-hidden="true" />;
}
