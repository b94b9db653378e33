/**
 * Puts the parts together: one session, one connection, one room.
 *
 * Everything here outlives any screen; screens read the stores and call the commands.
 */
import * as z from "zod/mini";
import { GameApi, API } from "../api/game-api";
import { socketUrl } from "../api/origin";
import { Connection } from "../connection/connection";
import { IDLE, type Phase } from "../connection/machine";
import { Joining } from "../join/joining";
import { readRoomKey } from "../join/room-key";
import type { Room, ServerFrame, Welcome } from "../protocol/generated";
import { leaveRoom } from "../room/leaving";
import { cancellationNotice, leftNotice } from "../room/room-notices";
import { RoomSession } from "../room/room-session";
import { Navigation } from "../services/navigation";
import { Notices } from "../services/notices";
import { loadOffers } from "../services/offers";
import type { Services } from "../services/services";
import { MailedLink } from "../session/mailed";
import { Session } from "../session/session";
import { PreferenceStore } from "../settings/preferences";
import { createEvents } from "../state/events";
import { recall, remember } from "../state/storage";
import { createStore } from "../state/store";
import { ServerClock } from "../taps/clock";
import { connectTelegram } from "../telegram/telegram";
import { currentLanguage, setLanguage, startTexts } from "../texts/texts";

const INVITATION = "invitation";
const CLOSE_TOKEN_REFUSED = 4501;
/** A server that refuses every token must not be asked in a tight loop. */
const RENEWED_MS = 1000;
/** A refund follows a cancellation within about this long; the balance is asked for then. */
const REFUND_MS = 4000;

export function createServices(root: HTMLElement): Services {
  const preferences = new PreferenceStore();
  const telegram = connectTelegram(root, () => preferences.current.get().haptics);
  const navigation = new Navigation();
  startTexts(telegram.languageCode ?? navigator.language);
  openInvitation(telegram.startParam, navigation);
  const mailed = new MailedLink();
  const session = new Session(telegram.initData, currentLanguage);
  const api = new GameApi({
    token: () => session.token(),
    renew: () => session.renew(),
    language: currentLanguage,
  });
  const clock = new ServerClock(() => performance.now(), Date.now() - performance.now());
  const notices = new Notices();
  const phase = createStore<Phase>(IDLE);
  const frames = createEvents<ServerFrame>();
  const missed = createEvents<Welcome>();

  const refreshUser = async (): Promise<void> => {
    try {
      session.setUser(await api.me());
    } catch {
      // The next visit of the lobby asks again.
    }
  };

  const sayLeft = (left: Room, isBack: boolean): void => {
    notices.show(leftNotice(left, session.user?.user_id ?? "", isBack), left.stake);
  };

  const room = new RoomSession(
    {
      userId: () => session.user?.user_id ?? "",
      fetchRoom: (roomId) => api.room(roomId),
      awaitsSeat: () => joining.isOpen,
      onBalance: (balance) => {
        session.setBalance(balance);
      },
      onCancelled: ({ reason, refundDue }, cancelled) => {
        const userId = session.user?.user_id ?? "";
        notices.show(cancellationNotice(cancelled, reason, userId), refundDue);
        telegram.haptic("failure");
        window.setTimeout(() => void refreshUser(), REFUND_MS);
      },
      onLeft: (left) => {
        sayLeft(left, false);
        void refreshUser();
      },
      onLost: () => {
        notices.show("notice.roomLost");
        void refreshUser();
      },
    },
    clock,
  );

  const connection = new Connection({
    url: socketUrl(`${API}/ws`),
    token: () => session.token(),
    listener: {
      onPhase: (next) => {
        phase.set(next);
        room.onPhase(next);
        if (next.name === "ended" && next.code === CLOSE_TOKEN_REFUSED) void renewAndConnect();
      },
      onWelcome: (frame, receivedAt, isFirst) => {
        room.onWelcome(frame, receivedAt);
        if (!isFirst) missed.emit(frame);
      },
      onFrame: (frame, receivedAt) => {
        room.onFrame(frame, receivedAt);
        frames.emit(frame);
      },
    },
  });
  room.attach(connection);
  missed.subscribe(() => void refreshUser());

  const renewAndConnect = async (): Promise<void> => {
    try {
      await session.renew();
    } catch {
      // Out of reach: the next attempt asks again.  Refused: nobody is in any more, and the session says why.
    }
    window.setTimeout(() => {
      if (session.user) connection.start();
    }, RENEWED_MS);
  };

  let isIn = false;
  session.state.subscribe(() => {
    const state = session.state.get();
    if (state.name === "in") setLanguage(state.user.language);
    // Only coming in connects: a balance that changes must not bring back a connection the server ended.
    if (isIn === (state.name === "in")) return;
    isIn = !isIn;
    if (isIn) connection.start();
    else connection.stop();
  });

  const joining = new Joining({
    join: (wish, key) => api.join(wish, key),
    onSeated: (seated) => {
      room.open(seated);
      void refreshUser();
    },
    onSeatedIn: (roomId) => {
      room.follow(roomId);
      notices.show("notice.backInRoom");
    },
  });
  room.isFollowing.subscribe(() => {
    if (room.isFollowing.get()) joining.settle();
  });
  // Where the answer alone was lost there is no new connection whose welcome would tell of the seat.
  joining.state.subscribe(() => {
    if (joining.state.get().name === "unanswered") void findSeat();
  });
  const findSeat = async (): Promise<void> => {
    await refreshUser();
    const roomId = session.user?.room_id;
    if (roomId && joining.state.get().name === "unanswered") room.follow(roomId);
  };

  return {
    telegram,
    navigation,
    preferences,
    offers: loadOffers(currentLanguage),
    session,
    mailed,
    api,
    room,
    joining,
    clock,
    notices,
    phase,
    frames,
    missed,
    send: (frame) => connection.send(frame),
    connect: () => {
      connection.start();
    },
    refreshUser,
    leaveRoom: async () => {
      await leaveRoom(room, {
        leave: (roomId) => api.leave(roomId),
        onLeft: (left, balance) => {
          session.setBalance(balance);
          sayLeft(left, true);
        },
        onFailed: () => {
          notices.show("notice.leaveFailed");
        },
      });
      // An answer that came late, or not at all, tells nothing of the balance now.
      void refreshUser();
    },
    chooseLanguage: async (language) => {
      setLanguage(language);
      if (!session.user) return;
      session.setUser({ ...session.user, language });
      try {
        session.setUser(await api.setLanguage(language));
      } catch {
        notices.show("notice.languageNotKept");
      }
    },
  };
}

/** A link with a hero room's key opens the window for it, with the key in its field; a reload does not do so again. */
function openInvitation(startParam: string | null, navigation: Navigation): void {
  const key = startParam === null ? null : readRoomKey(startParam);
  if (key === null || recall(INVITATION, z.string()) === key) return;
  remember(INVITATION, key);
  navigation.go({ name: "enterByKey", id: key });
}
