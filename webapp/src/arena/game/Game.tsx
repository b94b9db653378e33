import { memo, type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Player, Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { useSounds } from "../../sounds/use-sounds";
import { useStore } from "../../state/use-store";
import { cx } from "../../ui/cx";
import { Stars } from "../../ui/Stars";
import { formatSeconds, usePassed, useRemaining } from "../../ui/use-remaining";
import { Goal } from "../hero/Goal";
import { Leaders } from "../hero/Leaders";
import { Watch, WatchLine } from "../hero/Watch";
import { StakeLine } from "../StakeLine";
import { BlockedNote } from "./BlockedNote";
import { PlayerBar } from "./PlayerBar";
import { leadingTaps, scaleOf, positionOf } from "./race";
import { TapButton } from "./TapButton";
import { TimeBar } from "./TimeBar";
import styles from "./game.module.css";

/** With more players than this the bars at the edges are small, and only the first have names. */
const MOST_WITH_NAMES = 10;
/** A screen reader hears the state of the game this often. */
const REPORT_EVERY_MS = 10_000;
/** The last seconds tick. */
const HURRY_S = 5;

interface GameProps {
  readonly room: Room;
  readonly userId: string;
}

/** The room is a new one ten times a second: what does not follow the race is rendered anew only with its own updates. */
export function Game({ room, userId }: GameProps): ReactNode {
  const sounds = useSounds();
  useEffect(() => {
    sounds.play("go");
  }, [sounds]);
  const isLive = useStore(useServices().room.isLive);
  const { players } = room;
  const own = players.find((player) => player.user_id === userId);
  const best = leadingTaps(players);
  const scale = scaleOf(room.target, best ?? 0);
  const isBlocked = own?.state === "blocked";
  const isCrowd = players.length > MOST_WITH_NAMES;
  const isOrganizer = room.organizer_id === userId;
  const bar = (player: Player): ReactNode => {
    const isLeader = player.taps === best && player.state === "paid";
    return (
      <PlayerBar
        key={player.user_id}
        player={player}
        isOwn={player === own}
        isLeader={isLeader}
        isSmall={isCrowd}
        scale={scale}
      />
    );
  };
  const half = Math.ceil(players.length / 2);
  return (
    <main className={styles.game}>
      <header className={styles.top}>
        <Clock endsMs={room.ends_ms} />
        <Fund prize={room.prize} target={room.target} />
      </header>
      <TimeBar room={room} />
      <div className={cx(styles.arena, isCrowd && styles.crowd, !isLive && styles.stale)}>
        <ul className={styles.edge}>{players.slice(0, half).map(bar)}</ul>
        <div className={styles.middle}>
          {isCrowd && <Leaders players={players} scale={scale} userId={userId} />}
          {isOrganizer ? (
            <Watch room={room} />
          ) : (
            <>
              <OwnPlace room={room} userId={userId} isLive={isLive} />
              <TapButton isBlocked={isBlocked} endsMs={room.ends_ms} />
            </>
          )}
        </div>
        <ul className={cx(styles.edge, styles.right, players.length % 2 === 1 && styles.short)}>
          {players.slice(half).map(bar)}
        </ul>
      </div>
      {isBlocked ? <BlockedNote /> : own && <Stake stake={room.stake} endsMs={room.ends_ms} />}
      {isOrganizer && <WatchLine />}
      <Report userId={userId} />
    </main>
  );
}

const Fund = memo(function Fund({
  prize,
  target,
}: {
  prize: number;
  target: number | null;
}): ReactNode {
  const { t } = useTranslation();
  return (
    <div>
      <span className={styles.fund}>
        {t("room.prizeFund")} <Stars amount={prize} />
      </span>
      {target !== null && <Goal target={target} />}
    </div>
  );
});

const Clock = memo(function Clock({ endsMs }: { endsMs: number | null }): ReactNode {
  const { t } = useTranslation();
  const { clock } = useServices();
  const sounds = useSounds();
  const seconds = useRemaining(clock, endsMs);
  useEffect(() => {
    if (seconds > 0 && seconds <= HURRY_S) sounds.play("tick");
  }, [sounds, seconds]);
  return (
    <span
      className={cx(styles.clock, seconds <= 10 && styles.hurry)}
      role="timer"
      aria-label={t("game.timeLeft", { time: formatSeconds(seconds) })}
    >
      {formatSeconds(seconds)}
    </span>
  );
});

/** The place one has right now, and by how much; nobody knows it while the others are not heard. */
function OwnPlace({ room, userId, isLive }: GameProps & { readonly isLive: boolean }): ReactNode {
  const { t } = useTranslation();
  // As they are when there is an update of the others: a word that changed with each tap would cost it a second frame.
  const now = positionOf(room.players, userId, useServices().room.ownTaps.get());
  return (
    <div className={styles.position}>
      {now && !isLive && <p className={styles.lead}>{t("game.placeUnknown")}</p>}
      {now && isLive && (
        <>
          {/* Made anew with every place, so that a change is seen. */}
          <Place key={now.place} place={now.place} />
          <Lead lead={now.lead} />
        </>
      )}
    </div>
  );
}

const Place = memo(function Place({ place }: { place: number }): ReactNode {
  const { t } = useTranslation();
  return <p className={styles.place}>{t("game.place", { count: place, ordinal: true })}</p>;
});

const Lead = memo(function Lead({ lead }: { lead: number }): ReactNode {
  const { t } = useTranslation();
  return (
    <p className={styles.lead}>
      {lead === 0
        ? t("game.equal")
        : t(lead > 0 ? "game.ahead" : "game.behind", { count: Math.abs(lead) })}
    </p>
  );
});

const Stake = memo(function Stake({
  stake,
  endsMs,
}: {
  stake: number;
  endsMs: number | null;
}): ReactNode {
  const { t } = useTranslation();
  const isOver = usePassed(useServices().clock, endsMs);
  const stars = t("money.stars", { count: stake });
  return (
    <footer className={styles.foot}>
      <StakeLine text={isOver ? t("stake.timeUp") : t("stake.playing", { stars })} isPlaying />
    </footer>
  );
});

/** What a screen reader hears of the race: a line now and then, not every tap of everybody. */
function Report({ userId }: { userId: string }): ReactNode {
  const { t } = useTranslation();
  const { room, clock } = useServices();
  const [said, setSaid] = useState("");
  useEffect(() => {
    const timer = setInterval(() => {
      const view = room.view.get();
      const taps = room.ownTaps.get();
      const now = view && positionOf(view.room.players, userId, taps);
      // What is wrong with the line says the line about the stake.
      if (!now || !room.isLive.get()) return;
      const seconds = Math.max(0, Math.ceil(((view.room.ends_ms ?? 0) - clock.now()) / 1000));
      setSaid(
        [
          t("game.place", { count: now.place, ordinal: true }),
          t("game.taps", { count: taps }),
          t("game.timeLeft", { time: formatSeconds(seconds) }),
        ].join(". "),
      );
    }, REPORT_EVERY_MS);
    return () => {
      clearInterval(timer);
    };
  }, [room, clock, t, userId]);
  return (
    <p className="visually-hidden" aria-live="polite">
      {said}
    </p>
  );
}
