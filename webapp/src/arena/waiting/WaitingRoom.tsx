/** What every room that waits shows: its head with the way out, the players round the button, and its foot. */
import type { ReactNode } from "react";
import type { Room } from "../../protocol/generated";
import { cx } from "../../ui/cx";
import { RoomHeader } from "../../ui/RoomHeader";
import { SeatRing } from "../../ui/SeatRing";
import { Crowd } from "../hero/Crowd";
import { Stage } from "../reactions/Stage";
import styles from "./waiting.module.css";

interface WaitingRoomProps {
  readonly room: Room;
  readonly userId: string;
  readonly leaveText: string;
  readonly onLeave: () => void;
  readonly isLeaving?: boolean;
  /** What stands between the head and the players. */
  readonly above?: ReactNode;
  /** What the players stand round. */
  readonly button: ReactNode;
  /** The foot. */
  readonly children: ReactNode;
}

export function WaitingRoom(props: WaitingRoomProps): ReactNode {
  const { room, userId, leaveText, onLeave, isLeaving = false, above, button, children } = props;
  const isHero = room.kind === "hero";
  return (
    <main className={cx(styles.waiting, isHero && styles.hero)}>
      <RoomHeader room={room}>
        <button
          type="button"
          className={styles.leave}
          aria-disabled={isLeaving}
          onClick={isLeaving ? undefined : onLeave}
        >
          {leaveText}
        </button>
      </RoomHeader>
      {above}
      <Stage
        players={room.players}
        seats={isHero ? room.players.length : room.capacity}
        userId={userId}
        Ring={isHero ? Crowd : SeatRing}
      >
        {button}
      </Stage>
      <footer className={styles.foot}>{children}</footer>
    </main>
  );
}
