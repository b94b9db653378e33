/** The button everything is about. */
import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../../services/context";
import { cx } from "../../ui/cx";
import { usePassed } from "../../ui/use-remaining";
import { OwnTaps } from "./OwnTaps";
import { TapPad } from "./TapPad";
import styles from "./game.module.css";

interface TapButtonProps {
  readonly isBlocked: boolean;
  readonly endsMs: number | null;
}

/** Rendered anew when it changes, not with every update of the race around it. */
export const TapButton = memo(function TapButton({ isBlocked, endsMs }: TapButtonProps): ReactNode {
  const { t } = useTranslation();
  const { room, clock } = useServices();
  const isOver = usePassed(clock, endsMs);
  return (
    <TapPad onTap={() => room.tap()} isDisabled={isBlocked || isOver}>
      <strong className={cx(isBlocked && styles.out)}>
        {t(isBlocked ? "game.blocked" : "game.tap")}
      </strong>
      <span aria-hidden="true">
        <OwnTaps testId="own-taps" />
      </span>
      {!isBlocked && <span className="visually-hidden">{t("game.tapHint")}</span>}
    </TapPad>
  );
});
