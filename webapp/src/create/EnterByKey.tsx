/**
 * Entering a hero room by its key.
 *
 * "It shows the fee, then takes it": a whole key is looked up by itself, which takes nothing and shows the fee, who
 * asks for it and what stays of the balance.  The fee is taken by one tap on a button that names it, and by nothing
 * else: taking it without a tap would leave no moment in which the player has seen the price and can still say no, and
 * a key that a link brought was not even typed.  From that tap on everything goes by itself: with too few Stars the
 * choice of payments opens, and the same wish is joined after it.
 */
import "../texts/create";
import { type ReactNode, useEffect, useId } from "react";
import { useTranslation } from "react-i18next";
import { hasForeignSign } from "../join/room-key";
import type { User } from "../protocol/generated";
import { useServices } from "../services/context";
import type { ScreenProps } from "../services/screen-props";
import { cx } from "../ui/cx";
import { Screen } from "../ui/Screen";
import { Skeleton } from "../ui/Skeleton";
import { FoundRoom } from "./FoundRoom";
import type { Look } from "./key-entry";
import { RefusedKey } from "./RefusedKey";
import { useKeyEntry } from "./use-key-entry";
import styles from "./create.module.css";

/** As high as a room's terms, so that nothing jumps when they come. */
const TERMS_HEIGHT = 292;

export default function EnterByKey({ user, place }: ScreenProps): ReactNode {
  const { t } = useTranslation();
  const { navigation, room } = useServices();
  const [entry, send] = useKeyEntry(place.id ?? "");
  const id = useId();
  const key = entry.look.name === "typing" ? null : entry.look.key;
  const isTyping = key === null;

  // A reload finds the key again; once one sits in the room it has done its work, and coming back finds an empty field.
  useEffect(() => {
    if (key !== null) navigation.amend({ name: "enterByKey", id: key });
  }, [navigation, key]);
  useEffect(
    () =>
      room.isFollowing.subscribe(() => {
        if (room.isFollowing.get()) navigation.amend({ name: "enterByKey" });
      }),
    [navigation, room],
  );

  return (
    <Screen title={t("key.title")} hasBack>
      <div className={styles.form}>
        <section className={styles.fee}>
          <label htmlFor={id}>{t("key.label")}</label>
          <input
            id={id}
            className={styles.key}
            value={entry.text}
            placeholder="XXXXX XXXXX"
            autoComplete="off"
            autoCorrect="off"
            autoCapitalize="characters"
            spellCheck={false}
            enterKeyHint="go"
            aria-describedby={isTyping ? `${id}-note` : undefined}
            aria-invalid={entry.look.name === "refused"}
            // Whoever comes without a key types one first.
            autoFocus={place.id === undefined}
            onChange={(event) => {
              send({ type: "typed", text: event.target.value });
            }}
          />
          {/* A whole key needs it no more, and its room's terms need the place. */}
          {isTyping && (
            <p id={`${id}-note`} className={styles.note}>
              <KeyNote text={entry.text} />
            </p>
          )}
        </section>
        <div
          className={styles.outcome}
          aria-live="polite"
          aria-busy={entry.look.name === "looking"}
        >
          <Outcome
            look={entry.look}
            user={user}
            onAgain={() => {
              send({ type: "again" });
            }}
          />
        </div>
      </div>
    </Screen>
  );
}

function KeyNote({ text }: { text: string }): ReactNode {
  const { t } = useTranslation();
  const isWrong = hasForeignSign(text);
  return (
    <span className={cx(isWrong && styles.wrong)}>
      {t(isWrong ? "key.wrongSigns" : "key.note")}
    </span>
  );
}

interface OutcomeProps {
  readonly look: Look;
  readonly user: User;
  readonly onAgain: () => void;
}

function Outcome({ look, user, onAgain }: OutcomeProps): ReactNode {
  const { t } = useTranslation();
  switch (look.name) {
    case "typing":
      return <p className={styles.free}>{t("key.explain")}</p>;
    case "looking":
      return (
        <>
          <span className="visually-hidden">{t("key.looking")}</span>
          <Skeleton height={TERMS_HEIGHT} radius={24} />
        </>
      );
    case "found":
      return <FoundRoom roomKey={look.key} room={look.room} user={user} />;
    case "refused":
      return <RefusedKey refusal={look.refusal} onAgain={onAgain} />;
  }
}
