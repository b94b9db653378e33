import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { GameDetails } from "../../protocol/generated";
import { Row, Rows } from "../../ui/Rows";
import { Stars } from "../../ui/Stars";

/** To whom the pool went, to the last Star; nothing where every stake went back. */
export function PaidOut({ game, userId }: { game: GameDetails; userId: string }): ReactNode {
  const { t } = useTranslation();
  if (game.outcome === "refunded") return null;
  const winner = game.standings.find(({ user_id }) => user_id === game.winner);
  const part = game.pool - game.prize;
  return (
    <Rows title={t("gameDetails.paidOut")}>
      <Row label={t("gameDetails.pool")} value={<Stars amount={game.pool} />} />
      <Row
        label={game.winner === userId ? t("gameDetails.toYou") : <bdi>{winner?.name ?? "–"}</bdi>}
        hint={t("gameDetails.winner")}
        value={<Stars amount={game.prize} />}
      />
      {part > 0 && (
        <Row
          label={
            game.organizer === null ? (
              t("gameDetails.house")
            ) : game.organizer.user_id === userId ? (
              t("gameDetails.toYou")
            ) : (
              <bdi>{game.organizer.name}</bdi>
            )
          }
          hint={t(game.organizer === null ? "gameDetails.fee" : "gameDetails.organizer")}
          value={<Stars amount={part} />}
        />
      )}
    </Rows>
  );
}
