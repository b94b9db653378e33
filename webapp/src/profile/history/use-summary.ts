import { useTranslation } from "react-i18next";
import type { Game } from "../../protocol/generated";
import { reasonKey } from "../../texts/reasons";
import type { OutcomeName } from "./outcome";

/** How the game ended for the player, in a few words. */
export function useSummary(game: Game, outcome: OutcomeName): string {
  const { t } = useTranslation();
  const players = game.players;
  switch (outcome) {
    case "won":
      return t("history.won", { players });
    case "lost":
      return t("history.placed", { count: game.place ?? 0, ordinal: true, players });
    case "blocked":
      return t("history.blocked");
    case "organized":
      return t("history.organized", { count: players });
    case "refunded": {
      const reason = reasonKey(game.reason);
      return reason === null ? t("history.returned") : t(reason);
    }
  }
}
