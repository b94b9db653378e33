/** The screens that are loaded when they are first needed, each with the folder that owns it. */
import { type ComponentType, lazy, type LazyExoticComponent } from "react";
import type { Place } from "../services/navigation";
import type { ScreenProps } from "../services/screen-props";
import { whenIdle } from "../services/when-idle";

type Screen = LazyExoticComponent<ComponentType<ScreenProps>>;

const loadArena = () => import("../arena/Arena");
const loadJoinProblem = () => import("./JoinProblem");

export const Arena = lazy(loadArena);
export const JoinProblem = lazy(loadJoinProblem);
export const SignIn = lazy(() => import("../account/SignIn"));

/** What a player most likely needs next; a tap on a card must not wait for it, nor Home. */
export function preloadNext(): () => void {
  return whenIdle(() => {
    for (const load of [loadArena, loadJoinProblem]) {
      // The network may be away: then it is loaded when it is needed.
      load().catch(() => undefined);
    }
  });
}

export const SCREENS: Readonly<Partial<Record<Place["name"], Screen>>> = {
  create: lazy(() => import("../create/Create")),
  makeRoom: lazy(() => import("../create/MakeRoom")),
  bonus: lazy(() => import("../bonus/Bonus")),
  enterByKey: lazy(() => import("../create/EnterByKey")),
  leaderboard: lazy(() => import("../leaderboard/Leaderboard")),
  account: lazy(() => import("../account/AccountSection")),
  deposit: lazy(() => import("../money/Deposit")),
  withdraw: lazy(() => import("../money/Withdraw")),
  payments: lazy(() => import("../money/PaymentHistory")),
  statement: lazy(() => import("../money/Statement")),
  limits: lazy(() => import("../money/Limits")),
  profile: lazy(() => import("../profile/Profile")),
  history: lazy(() => import("../profile/history/History")),
  game: lazy(() => import("../profile/game/GameDetails")),
  notices: lazy(() => import("../profile/notices/NoticeList")),
};
