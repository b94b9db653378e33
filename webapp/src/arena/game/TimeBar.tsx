import { type CSSProperties, memo, type ReactNode, useState } from "react";
import type { Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import styles from "./game.module.css";

/** The time that is left, as a line that shrinks by itself: the browser animates, nothing is rendered again. */
export const TimeBar = memo(
  function TimeBar({ room }: { room: Room }): ReactNode {
    const { clock } = useServices();
    const [nowMs] = useState(() => clock.now());
    if (room.starts_ms === null || room.ends_ms === null) return null;
    const style = {
      "--total": `${Math.max(1, room.ends_ms - room.starts_ms)}ms`,
      "--elapsed": `${Math.min(0, room.starts_ms - nowMs)}ms`,
    } as CSSProperties;
    return <span className={styles.time} style={style} aria-hidden="true" />;
  },
  (before, next) => before.room.ends_ms === next.room.ends_ms,
);
