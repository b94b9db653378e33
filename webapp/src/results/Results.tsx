import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import type { Room } from "../protocol/generated";
import type { Outcome } from "../room/reducer";
import { useStore } from "../state/use-store";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { Stars } from "../ui/Stars";
import { Standings } from "./Standings";
import styles from "./results.module.css";

interface ResultsProps {
  readonly room: Room;
  readonly outcome: Outcome;
  readonly userId: string;
}

export function Results({ room, outcome, userId }: ResultsProps): ReactNode {
  const { t } = useTranslation();
  const services = useServices();
  const { telegram, joining } = services;
  const isJoining = useStore(joining.state).name === "busy";
  const hasWon = outcome.winner === userId;
  useEffect(() => {
    if (hasWon) telegram.haptic("success");
  }, [telegram, hasWon]);
  useEffect(
    () =>
      telegram.onBack(() => {
        services.room.close();
      }),
    [telegram, services],
  );
  const toLobby = (): void => {
    services.room.close();
  };
  return (
    <main className={styles.results}>
      <section className={styles.podium} aria-live="polite">
        <Winner room={room} outcome={outcome} hasWon={hasWon} />
        <p className={styles.fund}>
          {t("results.prizeFund")} <Stars amount={outcome.prize} />
        </p>
        <Payout outcome={outcome} userId={userId} />
      </section>
      <Standings room={room} outcome={outcome} userId={userId} />
      <footer className={styles.actions}>
        <Button
          onClick={() => void joining.join({ kind: "standard", stake: room.stake })}
          disabled={isJoining}
        >
          {t("results.again")}
        </Button>
        <Button kind="quiet" onClick={toLobby} disabled={isJoining}>
          {t("results.toLobby")}
        </Button>
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
        <h1>{t("results.nobody")}</h1>
        <p className={styles.hint}>{t("results.nobodyText")}</p>
      </>
    );
  }
  return (
    <>
      <div className={styles.crown}>
        <Avatar userId={winner.user_id} name={winner.name} photoUrl={winner.photo_url} size={112} />
      </div>
      <h1 dir="auto">{hasWon ? t("results.youWon") : winner.name}</h1>
      {!hasWon && <p className={styles.hint}>{t("results.winner")}</p>}
    </>
  );
}

/** One's own part: known for sure only when the game is recorded. */
function Payout({ outcome, userId }: Pick<ResultsProps, "outcome" | "userId">): ReactNode {
  const { t } = useTranslation();
  if (outcome.payout === null) return <p className={styles.payout}>{t("results.counting")}</p>;
  return (
    <p className={styles.payout} data-payout={outcome.payout}>
      {outcome.payout > 0 ? (
        <>
          {t("results.payout", { stars: "" })} <Stars amount={outcome.payout} sign="+" />
        </>
      ) : (
        <OwnPlace outcome={outcome} userId={userId} />
      )}
    </p>
  );
}

function OwnPlace({ outcome, userId }: Pick<ResultsProps, "outcome" | "userId">): ReactNode {
  const { t } = useTranslation();
  const own = outcome.standings.find((line) => line.user_id === userId);
  if (!own) return null;
  if (own.place === null) return t("game.blockedTitle");
  return `${t("room.you")}: ${t("game.place", { count: own.place, ordinal: true })}`;
}
