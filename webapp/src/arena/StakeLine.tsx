/** One line that says, at every moment, where the stake is; or why nothing moves, where the connection is away. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import { useAway } from "../services/use-away";
import { useStore } from "../state/use-store";
import { cx } from "../ui/cx";
import styles from "./stake.module.css";

interface StakeLineProps {
  readonly text: string;
  /** Taps made meanwhile are kept: said while a game is on. */
  readonly isPlaying?: boolean;
}

export function StakeLine({ text, isPlaying = false }: StakeLineProps): ReactNode {
  const { t } = useTranslation();
  const { room } = useServices();
  const away = useAway();
  const isLosing = useStore(room.isLosingTaps);
  // In a game the line is doubted as soon as it is too quiet: before that is called a cut.
  const isQuiet = !useStore(room.isLive) && isPlaying;
  const tapsKept = away === "drained" ? "stake.drained" : "connection.lost";
  const trouble =
    away === null && !isQuiet
      ? null
      : isPlaying
        ? t(isLosing ? "stake.tapsLost" : tapsKept)
        : t(away === "drained" ? "stake.drained" : "stake.away");
  return (
    <p className={cx(styles.line, trouble !== null && styles.trouble)} role="status">
      <svg viewBox="0 0 24 24" aria-hidden="true">
        {trouble === null ? (
          <path d="M12 3l7.500 3v5.500c0 4.600-3.100 7.900-7.500 9.500-4.400-1.600-7.500-4.900-7.500-9.500V6zM8.800 12l2.300 2.300 4.200-4.600" />
        ) : (
          <path d="M3 9.500a13 13 0 0 1 18 0M6.500 13.200a8 8 0 0 1 11 0M12 18.500v.01M4 4l16 16" />
        )}
      </svg>
      <span>{trouble ?? text}</span>
    </p>
  );
}
