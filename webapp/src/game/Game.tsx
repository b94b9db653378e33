import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import type { Player, Room } from "../protocol/generated";
import { useStore } from "../state/use-store";
import { cx } from "../ui/cx";
import { Stars } from "../ui/Stars";
import { formatSeconds, useRemaining } from "../ui/use-remaining";
import { livePlace } from "../room/reducer";
import { BlockedNote } from "./BlockedNote";
import { PlayerBar } from "./PlayerBar";
import { TapButton } from "./TapButton";
import styles from "./game.module.css";

/** Bars are measured against the leader, but never against less than this. */
const SMALLEST_SCALE = 60;
/** A screen reader hears the state of the game this often. */
const REPORT_EVERY_S = 10;

export function Game({ room, userId }: { room: Room; userId: string }): ReactNode {
  const { t } = useTranslation();
  const services = useServices();
  const { telegram, clock } = services;
  const ownTaps = useStore(services.room.ownTaps);
  const seconds = useRemaining(clock, room.ends_ms);
  useEffect(() => {
    telegram.guardGame(true);
    return () => {
      telegram.guardGame(false);
    };
  }, [telegram]);

  // One's own bar runs with the finger, the others' with the server.
  const players = room.players.map((player) =>
    player.user_id === userId ? { ...player, taps: ownTaps } : player,
  );
  const own = players.find((player) => player.user_id === userId);
  const scale = room.target ?? Math.max(SMALLEST_SCALE, ...players.map((player) => player.taps));
  const place = livePlace(players, userId);
  const isBlocked = own?.state === "blocked";
  const bar = (player: Player): ReactNode => (
    <PlayerBar
      key={player.user_id}
      player={player}
      isOwn={player.user_id === userId}
      part={player.taps / scale}
      place={livePlace(players, player.user_id)}
    />
  );
  const half = Math.ceil(players.length / 2);
  const placeText = place === null ? "" : t("game.place", { count: place, ordinal: true });
  return (
    <main className={styles.game}>
      <header className={styles.top}>
        <span
          className={cx(styles.clock, seconds <= 10 && styles.hurry)}
          role="timer"
          aria-label={t("game.timeLeft", { time: formatSeconds(seconds) })}
        >
          {formatSeconds(seconds)}
        </span>
        <span className={styles.fund}>
          {t("room.prizeFund")} <Stars amount={room.prize} />
        </span>
      </header>
      <div className={styles.arena}>
        <ul className={styles.edge}>{players.slice(0, half).map(bar)}</ul>
        <div className={styles.middle}>
          <p className={styles.place}>{placeText}</p>
          <TapButton isBlocked={isBlocked} isOver={seconds === 0} />
          {isBlocked && <BlockedNote />}
        </div>
        <ul className={cx(styles.edge, styles.right)}>{players.slice(half).map(bar)}</ul>
      </div>
      <Report text={`${placeText}. ${t("game.taps", { count: ownTaps })}`} seconds={seconds} />
    </main>
  );
}

function Report({ text, seconds }: { text: string; seconds: number }): ReactNode {
  return (
    <p className="visually-hidden" aria-live="polite">
      {seconds % REPORT_EVERY_S === 0 && text}
    </p>
  );
}
