/**
 * What every screen can reach: stores to read, commands to call.  All of it outlives any screen.
 *
 * Owns the names alone: `app/create-services.ts` makes the parts and ties them together.
 */
import type { GameApi } from "../api/game-api";
import type { Phase } from "../connection/machine";
import type { Joining } from "../join/joining";
import type { ClientFrame, Offers, ServerFrame, User, Welcome } from "../protocol/generated";
import type { RoomSession } from "../room/room-session";
import type { MailedLink } from "../session/mailed";
import type { Session } from "../session/session";
import type { PreferenceStore } from "../settings/preferences";
import type { Events } from "../state/events";
import type { Readable } from "../state/store";
import type { ServerClock } from "../taps/clock";
import type { Telegram } from "../telegram/telegram";
import type { Navigation } from "./navigation";
import type { Notices } from "./notices";

export interface Services {
  readonly telegram: Telegram;
  readonly navigation: Navigation;
  readonly preferences: PreferenceStore;
  readonly offers: Readable<Offers | null>;
  readonly session: Session;
  readonly mailed: MailedLink;
  readonly api: GameApi;
  readonly room: RoomSession;
  readonly joining: Joining;
  readonly clock: ServerClock;
  readonly notices: Notices;
  readonly phase: Readable<Phase>;
  /** Every frame of the server but `welcome`, after the room has seen it. */
  readonly frames: Events<ServerFrame>;
  /** Welcomed once more, after the line was cut: what personal frames told meanwhile is to be read again. */
  readonly missed: Events<Welcome>;
  /** False where the frame could not go out: there is no connection. */
  readonly send: (frame: ClientFrame) => boolean;
  readonly connect: () => void;
  readonly refreshUser: () => Promise<void>;
  readonly leaveRoom: () => Promise<void>;
  readonly chooseLanguage: (language: User["language"]) => Promise<void>;
}
