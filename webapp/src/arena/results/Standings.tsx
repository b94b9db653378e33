import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import type { Outcome } from "../../room/reducer";
import { Avatar } from "../../ui/Avatar";
import { cx } from "../../ui/cx";
import { Stars } from "../../ui/Stars";
import styles from "./results.module.css";
import { hasEqual } from "./tie";

interface StandingsProps {
  readonly room: Room;
  readonly outcome: Outcome;
  readonly userId: string;
}

export function Standings({ room, outcome, userId }: StandingsProps): ReactNode {
  const { t } = useTranslation();
  const isTied = outcome.winner !== null && hasEqual(outcome.standings);
  return (
    <>
      <ol className={styles.standings} aria-label={t("results.standings")}>
        {outcome.standings.map((line) => {
          const player = room.players.find(({ user_id }) => user_id === line.user_id);
          const name = player?.name ?? "";
          const isOwn = line.user_id === userId;
          return (
            <li
              key={line.user_id}
              className={cx(isOwn && styles.mine)}
              data-own={isOwn}
              data-taps={line.taps}
            >
              <span className={styles.place}>
                {outcome.winner === null ? "–" : (line.place ?? "–")}
              </span>
              <Avatar
                userId={line.user_id}
                name={name}
                photoUrl={player?.photo_url ?? null}
                size={30}
              />
              <span className={styles.name}>
                <span dir="auto">{isOwn ? t("room.you") : name}</span>
                {line.place === null && <small>{t("game.blockedMark")}</small>}
              </span>
              <span className={styles.gain}>
                {line.prize > 0 && <Stars amount={line.prize} sign="+" />}
                <span className={styles.taps}>{t("game.taps", { count: line.taps })}</span>
              </span>
            </li>
          );
        })}
      </ol>
      {isTied && <p className={styles.tie}>{t("results.tie")}</p>}
    </>
  );
}
