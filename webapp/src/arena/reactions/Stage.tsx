/**
 * The players round the button before a game, and the reactions between them.
 *
 * Owns sending a reaction and what is seen, heard and said of everybody's.  They are no part of the room: one that is
 * missed is gone.
 */
import { type ComponentType, type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Player, ServerFrame } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { useSounds } from "../../sounds/use-sounds";
import type { SeatRingProps } from "../../ui/SeatRing";
import { stillness } from "../../ui/stillness";
import { appear, fly, placeOf, radiate, shake } from "./flight";
import { Herald } from "./herald";
import styles from "./reactions.module.css";

type Reaction = Extract<ServerFrame, { readonly type: "reaction" }>;

interface StageProps {
  readonly players: readonly Player[];
  /** How many seats there are; the free ones are shown. */
  readonly seats: number;
  readonly userId: string;
  /** How they stand round the middle. */
  readonly Ring: ComponentType<SeatRingProps>;
  /** What stands in the middle. */
  readonly children: ReactNode;
}

export function Stage({ players, seats, userId, Ring, children }: StageProps): ReactNode {
  const { t } = useTranslation();
  const { frames, send, telegram } = useServices();
  const sounds = useSounds();
  const stage = useRef<HTMLDivElement>(null);
  const layer = useRef<HTMLDivElement>(null);
  const lastTo = useRef(userId);
  const [heard, setHeard] = useState<Reaction | null>(null);

  useEffect(() => {
    const herald = new Herald(userId);
    const show = (reaction: Reaction): void => {
      if (!stage.current || !layer.current) return;
      paint(stage.current, layer.current, reaction);
      if (reaction.to === userId || reaction.from === userId) sounds.play("pop");
      if (herald.says(reaction, performance.now())) setHeard(reaction);
    };
    return frames.subscribe((frame) => {
      if (frame.type === "reaction") show(frame);
      // One too many: nothing to explain, but the finger shall feel that it was noticed.
      if (frame.type === "error" && frame.for === "reaction" && !stillness.matches) {
        const face = stage.current && faceOf(stage.current, lastTo.current);
        if (face) shake(face);
      }
    });
  }, [frames, sounds, userId]);

  const react = (to: string): void => {
    lastTo.current = to;
    telegram.haptic("select");
    send({ type: "reaction", to });
  };
  const sender = heard && players.find((player) => player.user_id === heard.from);
  return (
    <div ref={stage} className={styles.stage}>
      <Ring players={players} seats={seats} userId={userId} onPick={react}>
        {children}
      </Ring>
      <div ref={layer} className={styles.layer} aria-hidden="true" data-testid="reactions" />
      <p className="visually-hidden" aria-live="polite">
        {heard && t("reactions.heard", { name: sender?.name ?? "", emoji: heard.emoji })}
      </p>
    </div>
  );
}

function paint(stage: HTMLElement, layer: HTMLElement, { from, to, emoji }: Reaction): void {
  const face = faceOf(stage, to);
  // The organizer has no face here.
  if (!face) return;
  const target = placeOf(face, layer);
  if (stillness.matches) appear(layer, emoji, target);
  else if (from === to) radiate(layer, emoji, target);
  else fly(layer, emoji, placeOf(faceOf(stage, from), layer), target);
}

function faceOf(stage: HTMLElement, userId: string): Element | null {
  return stage.querySelector(`[data-seat="${CSS.escape(userId)}"]`);
}
