import { memo, type ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Game } from "../../protocol/generated";
import { GameAmount, QuietStars } from "../../ui/Amount";
import { formatTime } from "../../texts/moments";
import { OutcomeMark } from "./OutcomeMark";
import { outcomeOf, stakeOf } from "./outcome";
import { useSummary } from "./use-summary";
import styles from "./history.module.css";

interface GameRowProps {
  readonly game: Game;
  readonly userId: string;
  readonly onOpen: (roomId: string) => void;
}

/** One game of the list: how it ended for the player, what it was, and what it gave or took. */
export const GameRow = memo(function GameRow({ game, userId, onOpen }: GameRowProps): ReactNode {
  const { t, i18n } = useTranslation();
  const outcome = outcomeOf(game, userId);
  return (
    <li>
      <button
        type="button"
        className={styles.row}
        data-room={game.room_id}
        onClick={() => {
          onOpen(game.room_id);
        }}
      >
        <OutcomeMark outcome={outcome} place={game.place} />
        <span className={styles.what}>
          <strong>{useSummary(game, outcome)}</strong>
          <span>
            {t(`history.kind.${game.kind}`)} <QuietStars stars={game.stake} />
            {"\u00a0· "}
            <span>{formatTime(game.decided_ms, i18n.language)}</span>
          </span>
        </span>
        <GameAmount stake={stakeOf(game)} payout={game.payout} isBack={outcome === "refunded"} />
      </button>
    </li>
  );
});
