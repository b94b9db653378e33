/** Which screen is shown: it follows from who is in, what the room is doing, and where in the lobby the player is. */
import { type ReactNode, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { SignInProps } from "../account/SignIn";
import { Home } from "../home/Home";
import { ChooseDemoPlayer } from "../login/ChooseDemoPlayer";
import { Refused, Starting } from "../login/Gate";
import type { User } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Splash } from "../ui/Splash";
import { BottomMenu } from "./BottomMenu";
import { ConnectionState } from "./ConnectionState";
import { LoadFailure } from "./LoadFailure";
import { NoticeBar } from "./NoticeBar";
import { Arena, SignIn, JoinProblem, preloadNext, SCREENS } from "./screens";
import { type PaymentLayer, usePaymentLayer } from "./use-payment-layer";
import styles from "./app.module.css";

export function App(): ReactNode {
  const { session, mailed, navigation, telegram } = useServices();
  const isAtHome = useStore(navigation.place).name === "home";
  const state = useStore(session.state);
  const link = useStore(mailed.current);
  if (link) return <Outside link={link} />;
  switch (state.name) {
    case "starting":
      // Telegram says who it is: all that is missing is the answer, and Home stands round its place.
      return telegram.initData !== null && isAtHome && !state.isUnreachable ? (
        <Within user={null} isDemo={false} />
      ) : (
        <Starting isUnreachable={state.isUnreachable} />
      );
    case "choosing":
      return <ChooseDemoPlayer players={state.players} />;
    case "outside":
      return <Outside hasEnded={state.hasEnded} />;
    case "refused":
      return <Refused {...state} />;
    case "in":
      return <Within user={state.user} isDemo={state.method.name === "demo"} />;
  }
}

interface WithinProps {
  /** Null while one is logging in. */
  readonly user: User | null;
  readonly isDemo: boolean;
}

function Within(props: WithinProps): ReactNode {
  return (
    <LoadFailure>
      <Inside {...props} />
      <NoticeBar />
      <ConnectionState />
    </LoadFailure>
  );
}

/** Outside Telegram, or with a mail's link: whoever is to come in by e-mail. */
function Outside(props: SignInProps): ReactNode {
  return (
    <LoadFailure>
      <Suspense fallback={<Starting isUnreachable={false} />}>
        <SignIn {...props} />
      </Suspense>
      <NoticeBar />
    </LoadFailure>
  );
}

function Inside({ user, isDemo }: WithinProps): ReactNode {
  const { room, joining } = useServices();
  const isFollowing = useStore(room.isFollowing);
  const join = useStore(joining.state);
  const payments = usePaymentLayer();
  return (
    <>
      {isFollowing ? (
        <InRoom user={user} />
      ) : (
        <Lobby user={user} isDemo={isDemo} payments={payments} />
      )}
      {join.name !== "idle" && join.name !== "busy" && (
        <Suspense>
          <JoinProblem join={join} />
        </Suspense>
      )}
      {payments && user && <payments.parts.PaymentSheets user={user} offers={payments.offers} />}
    </>
  );
}

/** By itself, for a game brings updates ten times a second. */
function InRoom({ user }: { user: User | null }): ReactNode {
  const { t } = useTranslation();
  const { room, telegram } = useServices();
  const view = useStore(room.view);
  const isUndecided = view === null || (view.outcome === null && view.cancelled === null);
  useEffect(() => {
    if (!isUndecided) return;
    // From the seat on the stake is in play, whether the app is open or not.
    telegram.guardGame(true);
    return () => {
      telegram.guardGame(false);
    };
  }, [telegram, isUndecided]);
  return view && user ? (
    <Suspense fallback={<Splash text={t("home.entering")} />}>
      <Arena view={view} userId={user.user_id} />
    </Suspense>
  ) : (
    <Splash text={t("home.returning")} />
  );
}

interface LobbyProps extends WithinProps {
  readonly payments: PaymentLayer | null;
}

function Lobby({ user, isDemo, payments }: LobbyProps): ReactNode {
  const { t } = useTranslation();
  const { navigation, telegram } = useServices();
  const place = useStore(navigation.place);
  const isHome = place.name === "home";
  useEffect(() => {
    if (isHome) return;
    return telegram.onBack(() => {
      navigation.back();
    });
  }, [telegram, navigation, isHome]);
  const isIn = user !== null;
  useEffect(() => (isIn ? preloadNext() : undefined), [isIn]);
  const Screen = SCREENS[place.name];
  return (
    <>
      <div className={styles.lobby} inert={!isIn}>
        {Screen && user ? (
          <Suspense fallback={<div className={styles.loading} aria-busy="true" />}>
            <Screen user={user} place={place} />
          </Suspense>
        ) : (
          <Home user={user} isDemo={isDemo} />
        )}
        {payments && user && <payments.parts.PendingCard />}
        <BottomMenu />
      </div>
      {!isIn && (
        <p className="visually-hidden" role="status">
          {t("login.starting")}
        </p>
      )}
    </>
  );
}
