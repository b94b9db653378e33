/** Making a hero room: the fee, and what it comes to for everybody, before anything is made. */
import "../texts/create";
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import type { HeroOffer } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { cx } from "../ui/cx";
import { Foot } from "../ui/Foot";
import { Row, Rows } from "../ui/Rows";
import { Screen } from "../ui/Screen";
import { Skeleton } from "../ui/Skeleton";
import { Stars } from "../ui/Stars";
import { StarSign } from "../ui/StarSign";
import { Tabs } from "../ui/Tabs";
import { exampleCrowds, feePresets, readFee, shares, typedFee } from "./terms";
import { useKept } from "./use-kept";
import styles from "./create.module.css";

const USUAL_FEE = "50";

export default function MakeRoom(): ReactNode {
  const { t } = useTranslation();
  const hero = useStore(useServices().offers)?.hero;
  return (
    <Screen title={t("create.make")} hasBack>
      {hero ? (
        <Form hero={hero} />
      ) : (
        <>
          <Skeleton height={196} radius={24} />
          <Skeleton height={250} radius={24} />
        </>
      )}
    </Screen>
  );
}

function Form({ hero }: { hero: HeroOffer }): ReactNode {
  const { t, i18n } = useTranslation();
  const { joining, telegram } = useServices();
  const isBusy = useStore(joining.state).name === "busy";
  const [text, setText] = useKept("fee", USUAL_FEE);
  const [isTried, setIsTried] = useState(false);
  const id = useId();
  const read = readFee(text, hero.max_fee);
  const most = t("money.starsGenitive", { count: hero.max_fee });
  const problem =
    "fee" in read
      ? null
      : read.problem === "tooBig"
        ? t("create.feeTooBig", { most })
        : read.problem === "tooSmall"
          ? t("create.feeTooSmall")
          : isTried
            ? t("create.feeEmpty")
            : null;
  const make = (): void => {
    setIsTried(true);
    if ("fee" in read) void joining.join({ kind: "make", fee: read.fee });
    else telegram.haptic("failure");
  };
  return (
    <form
      className={styles.form}
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        make();
      }}
    >
      <section className={styles.fee}>
        <label htmlFor={id}>{t("create.fee")}</label>
        <div className={cx(styles.amount, problem !== null && styles.wrong)}>
          <input
            id={id}
            value={text}
            inputMode="numeric"
            autoComplete="off"
            enterKeyHint="done"
            aria-invalid={problem !== null}
            aria-describedby={`${id}-note`}
            onChange={(event) => {
              setText(typedFee(event.target.value));
            }}
          />
          <StarSign />
        </div>
        <p
          id={`${id}-note`}
          className={cx(styles.note, problem !== null && styles.wrong)}
          role={problem === null ? undefined : "alert"}
        >
          {problem ?? t("create.feeNote", { most })}
        </p>
        <div className={styles.presets} role="group" aria-label={t("create.presets")}>
          {feePresets(hero.max_fee).map((fee) => (
            <button
              key={fee}
              type="button"
              aria-pressed={"fee" in read && read.fee === fee}
              onClick={() => {
                telegram.haptic("select");
                setText(String(fee));
              }}
            >
              {fee.toLocaleString(i18n.language)}
            </button>
          ))}
        </div>
      </section>
      <Split hero={hero} fee={"fee" in read ? read.fee : null} />
      <p className={styles.free}>{t("create.free")}</p>
      <Foot>
        <Button type="submit" isBusy={isBusy}>
          {t(isBusy ? "create.making" : "create.make")}
        </Button>
      </Foot>
    </form>
  );
}

/** Who gets what, for a number of players that the organizer can imagine. */
function Split({ hero, fee }: { hero: HeroOffer; fee: number | null }): ReactNode {
  const { t } = useTranslation();
  const crowds = exampleCrowds(hero.capacity);
  const [players, setPlayers] = useState(crowds.includes(10) ? 10 : (crowds[0] ?? 2));
  const organizer = hero.organizer_bps / 100;
  const part = fee === null ? null : shares(fee, players, hero.organizer_bps);
  const amount = (stars: number | undefined): ReactNode =>
    stars === undefined ? "–" : <Stars amount={stars} />;
  return (
    <section className={styles.split}>
      <h2>{t("create.splitTitle")}</h2>
      <Tabs
        label={t("create.crowd")}
        tabs={crowds.map((count) => ({ id: String(count), text: String(count) }))}
        chosen={String(players)}
        onChoose={(id) => {
          setPlayers(Number(id));
        }}
      />
      <Rows>
        <Row label={t("create.pool", { count: players })} value={amount(part?.pool)} />
        <Row label={t("create.winner", { part: 100 - organizer })} value={amount(part?.winner)} />
        <Row
          label={t("create.you", { part: organizer })}
          hint={t("create.rounded")}
          value={amount(part?.organizer)}
        />
      </Rows>
    </section>
  );
}
