/** Which screen is shown: it follows from who is in, what the room is doing, and where in the lobby the player is. */
import { type ReactNode, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { Home } from "../home/Home";
import type { DoorProps } from "../account/Door";
import { ChooseDemoPlayer } from "../login/ChooseDemoPlayer";
import { Refused, Starting } from "../login/Gate";
import type { User } from "../protocol/generated";
import { useStore } from "../state/use-store";
import { Splash } from "../ui/Splash";
import { BottomMenu } from "./BottomMenu";
import { ConnectionState } from "./ConnectionState";
import { useServices } from "./context";
import { LoadFailure } from "./LoadFailure";
import { NoticeBar } from "./NoticeBar";
import { Arena, Door, JoinProblem, preloadNext, SCREENS } from "./screens";
import { type PaymentLayer, usePaymentLayer } from "./use-payment-layer";
import styles from "./app.module.css";

export function App(): ReactNode {
  const { session, mailed } = useServices();
  const state = useStore(session.state);
  const link = useStore(mailed.current);
  if (link) return <AtTheDoor link={link} />;
  switch (state.name) {
    case "starting":
      return <Starting isUnreachable={state.isUnreachable} />;
    case "choosing":
      return <ChooseDemoPlayer players={state.players} />;
    case "outside":
      return <AtTheDoor hasEnded={state.hasEnded} />;
    case "refused":
      return <Refused code={state.code} message={state.message} />;
    case "in":
      return (
        <LoadFailure>
          <Inside user={state.user} isDemo={state.way.name === "demo"} />
          <NoticeBar />
          <ConnectionState />
        </LoadFailure>
      );
  }
}

/** Outside Telegram, or with a mail's link: whoever is to come in by e-mail. */
function AtTheDoor(props: DoorProps): ReactNode {
  return (
    <LoadFailure>
      <Suspense fallback={<Starting isUnreachable={false} />}>
        <Door {...props} />
      </Suspense>
      <NoticeBar />
    </LoadFailure>
  );
}

function Inside({ user, isDemo }: { user: User; isDemo: boolean }): ReactNode {
  const { t } = useTranslation();
  const { room, joining } = useServices();
  const view = useStore(room.view);
  const isFollowing = useStore(room.isFollowing);
  const join = useStore(joining.state);
  const payments = usePaymentLayer();
  const returning = <Splash text={t("home.returning")} />;
  return (
    <>
      {view ? (
        <Suspense fallback={returning}>
          <Arena view={view} userId={user.user_id} />
        </Suspense>
      ) : isFollowing ? (
        returning
      ) : (
        <Lobby user={user} isDemo={isDemo} payments={payments} />
      )}
      {(join.name === "insufficient" || join.name === "failed") && (
        <Suspense>
          <JoinProblem join={join} />
        </Suspense>
      )}
      {payments && <payments.parts.PaymentSheets user={user} offers={payments.offers} />}
    </>
  );
}

interface LobbyProps {
  readonly user: User;
  readonly isDemo: boolean;
  readonly payments: PaymentLayer | null;
}

function Lobby({ user, isDemo, payments }: LobbyProps): ReactNode {
  const { navigation, telegram } = useServices();
  const place = useStore(navigation.place);
  const isHome = place.name === "home";
  useEffect(() => {
    if (isHome) return;
    return telegram.onBack(() => {
      navigation.back();
    });
  }, [telegram, navigation, isHome]);
  useEffect(preloadNext, []);
  const Screen = SCREENS[place.name];
  return (
    <div className={styles.lobby}>
      {Screen ? (
        <Suspense fallback={<div className={styles.loading} aria-busy="true" />}>
          <Screen user={user} place={place} />
        </Suspense>
      ) : (
        <Home user={user} isDemo={isDemo} />
      )}
      {payments && <payments.parts.PendingCard />}
      <BottomMenu />
    </div>
  );
}
