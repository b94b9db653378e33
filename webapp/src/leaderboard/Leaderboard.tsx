/** Who has won most today, this week and of all time, and where the player stands. */
import "../texts/leaderboard";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";
import type { Leaderboard as LeaderboardAnswer } from "../protocol/generated";
import { useServices } from "../services/context";
import type { ScreenProps } from "../services/screen-props";
import { recall, remember } from "../state/storage";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { Empty } from "../ui/Empty";
import { Failed } from "../ui/Failed";
import { Screen } from "../ui/Screen";
import { Skeleton } from "../ui/Skeleton";
import { Tabs } from "../ui/Tabs";
import { useReturn } from "../ui/use-return";
import { dayStart, localMoment, utcTime, weekStart } from "./calendar";
import { fetchLeaderboard, type Period } from "./leaderboard-api";
import { Leaderboards } from "./leaderboards";
import { Line } from "./Line";
import { OwnPlace } from "./OwnPlace";
import { Podium } from "./Podium";
import styles from "./leaderboard.module.css";

const PERIODS = [
  { id: "today", text: "leaderboard.today" },
  { id: "week", text: "leaderboard.week" },
  { id: "all", text: "leaderboard.all" },
] as const;
const KEY = "leaderboard";
const periodSchema = z.enum(["today", "week", "all"]);
const ON_PODIUM = 3;
const CUP =
  "M7 4h10v5a5 5 0 0 1-10 0zM7 6H4v1.500a3 3 0 0 0 3 3M17 6h3v1.500a3 3 0 0 1-3 3M12 14v4M8.500 20h7M10 18h4";

export default function Leaderboard({ user }: ScreenProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const [period, setPeriod] = useState<Period>(() => recall(KEY, periodSchema) ?? "today");
  const [leaderboards] = useState(
    () => new Leaderboards((wanted) => fetchLeaderboard(api.ask, wanted)),
  );
  const { leaderboard, failure } = useStore(leaderboards.states)[period];
  const load = useCallback(() => {
    void leaderboards.load(period);
  }, [leaderboards, period]);
  useEffect(load, [load]);
  useReturn(load);
  return (
    <Screen title={t("leaderboard.title")}>
      <div className={styles.choice}>
        <Tabs
          label={t("leaderboard.periods")}
          tabs={PERIODS.map(({ id, text }) => ({ id, text: t(text) }))}
          chosen={period}
          onChoose={(next) => {
            setPeriod(next);
            remember(KEY, next);
          }}
        />
        <Since period={period} />
      </div>
      {leaderboard ? (
        <Places leaderboard={leaderboard} userId={user.user_id} />
      ) : failure ? (
        <Failed message={failure.message} onRetry={load} />
      ) : (
        <PlacesSkeleton />
      )}
      {leaderboard && <OwnPlace leaderboard={leaderboard} user={user} />}
    </Screen>
  );
}

/** What the chosen time is: its start by UTC, and by the player's own clock where that differs. */
function Since({ period }: { period: Period }): ReactNode {
  const { t, i18n } = useTranslation();
  const nowMs = useServices().clock.now();
  if (period === "all") return <p className={styles.since}>{t("leaderboard.sinceEver")}</p>;
  const isWeek = period === "week";
  const start = isWeek ? weekStart(nowMs) : dayStart(nowMs);
  const moment = localMoment(start, i18n.language, isWeek);
  return (
    <p className={styles.since}>
      {t(isWeek ? "leaderboard.sinceWeek" : "leaderboard.sinceDay", {
        time: utcTime(start, i18n.language),
      })}
      {moment !== null && ` (${t("leaderboard.yourTime", { moment })})`}
    </p>
  );
}

const NOBODY = {
  today: "leaderboard.nobodyToday",
  week: "leaderboard.nobodyThisWeek",
  all: "leaderboard.nobodyEver",
} as const;

function Places({
  leaderboard,
  userId,
}: {
  leaderboard: LeaderboardAnswer;
  userId: string;
}): ReactNode {
  const { t } = useTranslation();
  const { navigation } = useServices();
  if (leaderboard.entries.length === 0) {
    return (
      <Empty icon={CUP} text={t(NOBODY[leaderboard.period])}>
        <Button
          onClick={() => {
            navigation.goToTab("home");
          }}
        >
          {t("leaderboard.toRooms")}
        </Button>
      </Empty>
    );
  }
  const rest = leaderboard.entries.slice(ON_PODIUM);
  return (
    <div className={styles.board}>
      <Podium entries={leaderboard.entries.slice(0, ON_PODIUM)} userId={userId} />
      {rest.length > 0 && (
        <ol className={styles.lines} start={ON_PODIUM + 1}>
          {rest.map((entry) => (
            <Line
              key={entry.user_id}
              place={entry.place}
              profile={entry}
              won={entry.won}
              isOwn={entry.user_id === userId}
            />
          ))}
        </ol>
      )}
    </div>
  );
}

const PODIUM_HEIGHT = 244;
const LINES_HEIGHT = 7 * 56 + 2;

function PlacesSkeleton(): ReactNode {
  return (
    <div className={styles.board} aria-busy="true">
      <Skeleton height={PODIUM_HEIGHT} radius={24} />
      <Skeleton height={LINES_HEIGHT} radius={20} />
    </div>
  );
}
