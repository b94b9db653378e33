/** The button everything is about. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import { useStore } from "../state/use-store";
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

/** All that is rendered for a tap, beside one's own bar and place. */
function OwnTaps(): ReactNode {
  const { room } = useServices();
  return (
    <span data-testid="own-taps" aria-hidden="true">
      {useStore(room.ownTaps)}
    </span>
  );
}
