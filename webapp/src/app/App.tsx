/** Which screen is shown: it follows from who is in and what the room is doing, never from a history of clicks. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { Countdown } from "../countdown/Countdown";
import { Game } from "../game/Game";
import { Home } from "../home/Home";
import { ChooseDemoPlayer } from "../login/ChooseDemoPlayer";
import { OpenInTelegram, Refused, Starting } from "../login/Gate";
import type { User } from "../protocol/generated";
import type { RoomView } from "../room/reducer";
import { Results } from "../results/Results";
import { useStore } from "../state/use-store";
import { Splash } from "../ui/Splash";
import { Waiting } from "../waiting/Waiting";
import { ConnectionState } from "./ConnectionState";
import { useServices } from "./context";
import { NoticeBar } from "./NoticeBar";

export function App(): ReactNode {
  const { session } = useServices();
  const state = useStore(session.state);
  switch (state.name) {
    case "starting":
      return <Starting isUnreachable={state.isUnreachable} />;
    case "choosing":
      return <ChooseDemoPlayer players={state.players} />;
    case "outside":
      return <OpenInTelegram />;
    case "refused":
      return <Refused code={state.code} message={state.message} />;
    case "in":
      return (
        <>
          <Lobby user={state.user} isDemo={state.isDemo} />
          <NoticeBar />
          <ConnectionState />
        </>
      );
  }
}

function Lobby({ user, isDemo }: { user: User; isDemo: boolean }): ReactNode {
  const { t } = useTranslation();
  const { room } = useServices();
  const view = useStore(room.view);
  const isFollowing = useStore(room.isFollowing);
  if (view) return <RoomScreen view={view} userId={user.user_id} />;
  if (isFollowing) return <Splash text={t("home.returning")} />;
  return <Home user={user} isDemo={isDemo} />;
}

function RoomScreen({ view, userId }: { view: RoomView; userId: string }): ReactNode {
  const { room, outcome } = view;
  switch (room.state) {
    case "waiting":
      return <Waiting room={room} userId={userId} />;
    case "countdown":
      return <Countdown room={room} userId={userId} />;
    case "playing":
      return <Game room={room} userId={userId} />;
    case "finished":
    case "settled":
      return outcome && <Results room={room} outcome={outcome} userId={userId} />;
    case "cancelled":
      return null;
  }
}
