import { type CSSProperties, memo, type ReactNode, useEffect, useState } from "react";
import { whenIdle } from "../services/when-idle";
import { createStore } from "../state/store";
import { useStore } from "../state/use-store";
import { initials } from "./names";
import styles from "./ui.module.css";

interface AvatarProps {
  readonly userId: string;
  readonly name: string;
  readonly photoUrl: string | null;
  readonly size: number;
}

/** Photos come from other hosts: they wait until the page has what it needs to stand, and so do their connections. */
const mayLoad = createStore(false);
let isAwaited = false;

function awaitIdle(): void {
  if (isAwaited) return;
  isAwaited = true;
  whenIdle(() => {
    mayLoad.set(true);
  });
}

/** A player's photo; the initials where there is none, or where it does not load. */
export const Avatar = memo(function Avatar(props: AvatarProps): ReactNode {
  const { userId, name, photoUrl, size } = props;
  const [brokenUrl, setBrokenUrl] = useState<string | null>(null);
  const isTime = useStore(mayLoad);
  useEffect(awaitIdle, []);
  const style = { "--size": `${size}px`, "--hue": hue(userId) } as CSSProperties;
  return (
    <span className={styles.avatar} style={style} aria-hidden="true">
      {isTime && photoUrl !== null && photoUrl !== brokenUrl ? (
        <img
          src={photoUrl}
          alt=""
          width={size}
          height={size}
          referrerPolicy="no-referrer"
          decoding="async"
          loading="lazy"
          draggable={false}
          onError={() => {
            setBrokenUrl(photoUrl);
          }}
        />
      ) : (
        <b>{initials(name)}</b>
      )}
    </span>
  );
});

/** Ids that follow each other get colours far apart. */
function hue(userId: string): number {
  const GOLDEN_ANGLE = 137.508;
  const number = Array.from(userId).reduce(
    (sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 9973,
    7,
  );
  return Math.round(number * GOLDEN_ANGLE) % 360;
}
