import { type ReactNode, useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import type { Outcome } from "../../room/reducer";
import { useServices } from "../../services/context";
import { useSounds } from "../../sounds/use-sounds";
import { useStore } from "../../state/use-store";
import { GameAmount } from "../../ui/Amount";
import { Avatar } from "../../ui/Avatar";
import { Button } from "../../ui/Button";
import { CountUp } from "../../ui/CountUp";
import { Skeleton } from "../../ui/Skeleton";
import { HeroActions, OrganizersPart, OrganizersPayout } from "../hero/HeroResults";
import { StakeLine } from "../StakeLine";

import { Confetti } from "./Confetti";
import { Standings } from "./Standings";
import styles from "./results.module.css";

interface ResultsProps {
  readonly room: Room;
  readonly outcome: Outcome;
  readonly userId: string;
}

/** The end of a game: as it was seen live at once, and as it is recorded a moment later, without a jump between. */
export function Results({ room, outcome, userId }: ResultsProps): ReactNode {
  const { t } = useTranslation();
  const services = useServices();
  const { telegram, joining, navigation } = services;
  const sounds = useSounds();
  const isJoining = useStore(joining.state).name === "busy";
  const hasPlayed = room.players.some((player) => player.user_id === userId);
  const hasWon = outcome.winner === userId;
  const isHero = room.kind === "hero";
  const isOrganizer = room.organizer_id === userId;
  const isBlocked = outcome.standings.some(
    (line) => line.user_id === userId && line.place === null,
  );
  useEffect(() => {
    if (hasWon) telegram.haptic("success");
    if (hasPlayed) sounds.play(hasWon ? "win" : "lose");
  }, [telegram, sounds, hasPlayed, hasWon]);
  const toLobby = useCallback((): void => {
    services.room.close();
  }, [services]);
  useEffect(() => telegram.onBack(toLobby), [telegram, toLobby]);
  return (
    <main className={styles.results}>
      {hasWon && <Confetti />}
      <section className={styles.podium} aria-live="polite">
        <Winner room={room} outcome={outcome} hasWon={hasWon} />
        {outcome.winner !== null && (
          <p className={styles.fund}>
            {t("results.prizeFund")} <CountUp amount={outcome.prize} />
          </p>
        )}
        {isHero && <OrganizersPart room={room} outcome={outcome} />}
      </section>
      {isOrganizer ? (
        <OrganizersPayout outcome={outcome} />
      ) : (
        <Payout room={room} outcome={outcome} userId={userId} />
      )}
      <Standings room={room} outcome={outcome} userId={userId} />
      <footer className={styles.actions}>
        {isBlocked && (
          <Button
            kind="quiet"
            onClick={() => {
              toLobby();
              navigation.go({ name: "notices" });
            }}
          >
            {t("results.appeal")}
          </Button>
        )}
        <div className={styles.pair}>
          {isHero ? (
            <HeroActions isOrganizer={isOrganizer} />
          ) : (
            <>
              <Button
                onClick={() => void joining.join({ kind: "standard", stake: room.stake })}
                isBusy={isJoining}
              >
                {t("results.again", {
                  stars: t("money.starsAccusative", { count: room.stake }),
                })}
              </Button>
              <Button kind="quiet" onClick={toLobby} isBusy={isJoining}>
                {t("results.toLobby")}
              </Button>
            </>
          )}
        </div>
      </footer>
    </main>
  );
}

function Winner({
  room,
  outcome,
  hasWon,
}: Omit<ResultsProps, "userId"> & { hasWon: boolean }): ReactNode {
  const { t } = useTranslation();
  const winner = room.players.find((player) => player.user_id === outcome.winner);
  if (!winner) {
    return (
      <>
        <svg className={styles.returned} viewBox="0 0 24 24" aria-hidden="true">
          <path d="M5 12a7.500 7.500 0 1 1 2.200 5.300M5 12l-2.200-2.500M5 12l2.700-2.200M12 8.200v4.300l2.800 1.600" />
        </svg>
        <h1>{t("results.nobody")}</h1>
        <p className={styles.hint}>{t("results.nobodyText")}</p>
      </>
    );
  }
  return (
    <>
      <div className={styles.crown}>
        <Avatar userId={winner.user_id} name={winner.name} photoUrl={winner.photo_url} size={96} />
      </div>
      <p className={styles.hint}>{t("results.winner")}</p>
      <h1 dir="auto">{hasWon ? t("results.youWon") : winner.name}</h1>
      {room.target !== null && isReached(room.target, outcome) && (
        <p className={styles.hint}>{t("results.byTarget", { count: room.target })}</p>
      )}
    </>
  );
}

/** The target ended the game, not the time. */
function isReached(target: number, { winner, standings }: Outcome): boolean {
  return standings.some((line) => line.user_id === winner && line.taps >= target);
}

/** One's own part: known for sure only when the game is recorded; its place is kept until then. */
function Payout({ room, outcome, userId }: ResultsProps): ReactNode {
  const { t } = useTranslation();
  const own = outcome.standings.find((line) => line.user_id === userId);
  const { payout } = outcome;
  if (!own) return null;
  const stars = t("money.stars", { count: room.stake });
  const fate =
    payout === null
      ? t("stake.counting")
      : payout === 0
        ? t("stake.lost", { stars })
        : outcome.winner === userId
          ? t("stake.won")
          : t("stake.returned", { stars });
  return (
    <section
      className={styles.own}
      aria-live="polite"
      {...(payout === null ? {} : { "data-payout": payout })}
    >
      <div className={styles.ownLine}>
        <span>
          {own.place === null
            ? t("results.blocked")
            : outcome.winner === null
              ? t("results.own")
              : t("results.ownPlace", {
                  place: t("game.place", { count: own.place, ordinal: true }),
                })}
        </span>
        {payout === null ? (
          <Skeleton width="76px" height={26} />
        ) : (
          <GameAmount stake={room.stake} payout={payout} isBack={outcome.winner !== userId} />
        )}
      </div>
      {own.place === null && <p className={styles.why}>{t("results.blockedWhy")}</p>}
      <StakeLine text={fate} />
    </section>
  );
}
