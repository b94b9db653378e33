/** One decided game as it was recorded: how it ended, who stood where, and what it did to the player's balance. */
import "../../texts/profile";
import { type ReactNode, useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { GameDetails as Details } from "../../protocol/generated";
import { useServices } from "../../services/context";
import type { ScreenProps } from "../../services/screen-props";
import { formatMoment, formatTime } from "../../texts/moments";
import { reasonKey } from "../../texts/reasons";
import { Amount, GameAmount } from "../../ui/Amount";
import { Failed } from "../../ui/Failed";
import { Parts, Row, Rows } from "../../ui/Rows";
import { Screen } from "../../ui/Screen";
import { Skeleton } from "../../ui/Skeleton";
import { Stars } from "../../ui/Stars";
import { useLoaded } from "../../ui/use-loaded";
import { outcomeOf, stakeOf } from "../history/outcome";
import { OutcomeMark } from "../history/OutcomeMark";
import { useSummary } from "../history/use-summary";
import { fetchGame } from "../profile-api";
import { PaidOut } from "./PaidOut";
import { SignedRecord } from "./SignedRecord";
import { Standings } from "./Standings";
import styles from "./game-details.module.css";

export default function GameDetails({ user, place }: ScreenProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const roomId = place.id ?? "";
  const load = useCallback(() => fetchGame(api.ask, roomId), [api, roomId]);
  const [loaded, again] = useLoaded(load);
  return (
    <Screen title={t("gameDetails.title")} hasBack>
      {loaded.name === "loading" ? (
        <DetailsSkeleton />
      ) : loaded.name === "failed" ? (
        <Failed message={loaded.message} onRetry={again} />
      ) : (
        <Shown game={loaded.value} userId={user.user_id} />
      )}
    </Screen>
  );
}

function Shown({ game, userId }: { game: Details; userId: string }): ReactNode {
  return (
    <>
      <Outcome game={game} userId={userId} />
      {game.standings.length > 0 && <Standings game={game} userId={userId} />}
      <PaidOut game={game} userId={userId} />
      <Facts game={game} />
      <Transfers game={game} />
      {game.outcome === "settled" && <SignedRecord roomId={game.room_id} />}
    </>
  );
}

function Outcome({ game, userId }: { game: Details; userId: string }): ReactNode {
  const { t } = useTranslation();
  const outcome = outcomeOf(game, userId);
  const reason = reasonKey(game.reason);
  return (
    <section className={styles.outcome}>
      <OutcomeMark outcome={outcome} place={game.place} />
      <h2>{useSummary(game, outcome)}</h2>
      <p className={styles.effect}>
        <GameAmount stake={stakeOf(game)} payout={game.payout} isBack={outcome === "refunded"} />
      </p>
      {outcome === "refunded" && game.role === "player" && (
        <p className={styles.why}>{t("gameDetails.stakeBack")}</p>
      )}
      {game.blocked && (
        <p className={styles.why}>
          {t("reasons.tooFast")}.{" "}
          {t(game.payout > 0 ? "gameDetails.blockedBack" : "gameDetails.blockedLost")}
        </p>
      )}
      {outcome !== "refunded" && reason !== null && <p className={styles.why}>{t(reason)}</p>}
    </section>
  );
}

function Facts({ game }: { game: Details }): ReactNode {
  const { t, i18n } = useTranslation();
  const nowMs = useServices().clock.now();
  return (
    <Rows title={t("gameDetails.facts")}>
      <Row label={t("gameDetails.room")} value={t(`history.kind.${game.kind}`)} />
      <Row label={t("gameDetails.entry")} value={<Stars amount={game.stake} />} />
      <Row label={t("gameDetails.players")} value={game.players.toLocaleString(i18n.language)} />
      {game.outcome === "refunded" && game.organizer && (
        <Row label={t("gameDetails.organizer")} value={<bdi>{game.organizer.name}</bdi>} />
      )}
      <Row
        label={t("gameDetails.when")}
        value={formatMoment(game.starts_ms ?? game.decided_ms, i18n.language, nowMs)}
      />
    </Rows>
  );
}

const KINDS = {
  stake: "transfers.stake",
  refund: "transfers.refund",
  settle: "transfers.settle",
} as const;

/** What the room took from and gave to this player, in order. */
function Transfers({ game }: { game: Details }): ReactNode {
  const { t, i18n } = useTranslation();
  if (game.transfers.length === 0) return null;
  return (
    <Rows title={t("gameDetails.transfers")}>
      {game.transfers.map(({ transfer_id, kind, amount, created_ms, balance_after }) => (
        <Row
          key={transfer_id}
          label={
            kind === "settle" && game.role === "organizer"
              ? t("transfers.organizer")
              : kind in KINDS
                ? t(KINDS[kind as keyof typeof KINDS])
                : t("transfers.other")
          }
          hint={
            <Parts
              all={[
                formatTime(created_ms, i18n.language),
                t("gameDetails.balanceAfter", {
                  stars: t("money.stars", { count: balance_after }),
                }),
              ]}
            />
          }
          value={<Amount stars={amount} isQuiet={kind === "refund"} />}
        />
      ))}
    </Rows>
  );
}

function DetailsSkeleton(): ReactNode {
  return (
    <div className={styles.skeleton} aria-busy="true">
      <Skeleton height={176} radius={24} />
      <Skeleton height={260} radius={20} />
      <Skeleton height={260} radius={20} />
    </div>
  );
}
