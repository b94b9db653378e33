/** Every decided game of the player, newest first. */
import "../../texts/profile";
import { type ReactNode, useCallback, useLayoutEffect } from "react";
import { useTranslation } from "react-i18next";
import { PagedList } from "../../api/paged-list";
import type { Game } from "../../protocol/generated";
import { useServices } from "../../services/context";
import type { ScreenProps } from "../../services/screen-props";
import { byDay } from "../../texts/moments";
import { Button } from "../../ui/Button";
import { Empty } from "../../ui/Empty";
import { Failed } from "../../ui/Failed";
import { LoadMore } from "../../ui/LoadMore";
import { Screen } from "../../ui/Screen";
import { Skeleton } from "../../ui/Skeleton";
import { usePaged } from "../../ui/use-paged";
import { fetchGames } from "../profile-api";
import { GameRow } from "./GameRow";
import { keepHistory, keptHistory } from "./kept-history";
import styles from "./history.module.css";

const BUTTON = "M12 5a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM12 9v3l2 2";

export default function History({ user }: ScreenProps): ReactNode {
  const { t } = useTranslation();
  const { api, navigation } = useServices();
  const { list, paged, refresh, more } = usePaged(
    () =>
      keptHistory()?.list ??
      new PagedList<Game>(
        (cursor) => fetchGames(api.ask, cursor),
        (game) => game.room_id,
      ),
  );
  useLayoutEffect(() => {
    const kept = keptHistory();
    if (kept) window.scrollTo(0, kept.scrollY);
  }, []);
  const open = useCallback(
    (roomId: string) => {
      keepHistory(list);
      navigation.go({ name: "game", id: roomId });
    },
    [list, navigation],
  );
  return (
    <Screen title={t("history.title")} hasBack>
      {paged.items === null ? (
        paged.failure ? (
          <Failed message={paged.failure.message} onRetry={refresh} />
        ) : (
          <HistorySkeleton />
        )
      ) : paged.items.length === 0 ? (
        <Empty icon={BUTTON} text={t("history.empty")}>
          <Button
            onClick={() => {
              navigation.goToTab("home");
            }}
          >
            {t("history.toRooms")}
          </Button>
        </Empty>
      ) : (
        <>
          <Games games={paged.items} userId={user.user_id} onOpen={open} />
          <LoadMore paged={paged} onMore={more} />
        </>
      )}
    </Screen>
  );
}

interface GamesProps {
  readonly games: readonly Game[];
  readonly userId: string;
  readonly onOpen: (roomId: string) => void;
}

function Games({ games, userId, onOpen }: GamesProps): ReactNode {
  const { i18n } = useTranslation();
  const nowMs = useServices().clock.now();
  const days = byDay(games, (game) => game.decided_ms, { language: i18n.language, nowMs });
  return days.map(({ label, items }) => (
    <section key={label} className={styles.day}>
      <h2>{label}</h2>
      <ul>
        {items.map((game) => (
          <GameRow key={game.room_id} game={game} userId={userId} onOpen={onOpen} />
        ))}
      </ul>
    </section>
  ));
}

const USUAL_ROWS = 6;
const ROW_HEIGHT = 68;

function HistorySkeleton(): ReactNode {
  return (
    <div aria-busy="true" className={styles.day}>
      <Skeleton height={19} width="30%" />
      <Skeleton height={USUAL_ROWS * ROW_HEIGHT} radius={20} />
    </div>
  );
}
