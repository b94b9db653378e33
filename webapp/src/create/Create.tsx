/** The menu's place for hero rooms: make one, or enter one by its key. */
import "../texts/create";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { HeroOffer } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Screen } from "../ui/Screen";
import { Skeleton } from "../ui/Skeleton";
import { formatSeconds } from "../ui/use-remaining";
import styles from "./create.module.css";

export default function Create(): ReactNode {
  const { t } = useTranslation();
  const { navigation, offers, telegram } = useServices();
  const hero = useStore(offers)?.hero;
  const go = (name: "makeRoom" | "enterByKey") => () => {
    telegram.haptic("select");
    navigation.go({ name });
  };
  return (
    <Screen title={t("create.title")}>
      <p className={styles.lead}>{t("create.lead")}</p>
      <div className={styles.choices}>
        <Choice
          title={t("create.make")}
          hint={t("create.makeHint")}
          icon="M4 17l-1.500-9 5 3.500L12 5l4.500 6.500 5-3.500L20 17zM5 19.500h14"
          onClick={go("makeRoom")}
        />
        <Choice
          title={t("create.enter")}
          hint={t("create.enterHint")}
          icon="M7 7.500a4.500 4.500 0 1 1 0 9 4.500 4.500 0 0 1 0-9zM11.500 12H22v4m-4-4v3"
          onClick={go("enterByKey")}
        />
      </div>
      <section className={styles.how}>
        <h2>{t("create.how")}</h2>
        {hero ? <Steps hero={hero} /> : <Skeleton height={236} radius={20} />}
      </section>
    </Screen>
  );
}

interface ChoiceProps {
  readonly title: string;
  readonly hint: string;
  readonly icon: string;
  readonly onClick: () => void;
}

function Choice({ title, hint, icon, onClick }: ChoiceProps): ReactNode {
  return (
    <button type="button" className={styles.choice} onClick={onClick}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d={icon} />
      </svg>
      <strong>{title}</strong>
      <span>{hint}</span>
    </button>
  );
}

function Steps({ hero }: { hero: HeroOffer }): ReactNode {
  const { t } = useTranslation();
  const organizer = hero.organizer_bps / 100;
  return (
    <ol className={styles.steps}>
      <li>{t("create.step1")}</li>
      <li>{t("create.step2", { count: hero.capacity })}</li>
      <li>{t("create.step3", { time: formatSeconds(hero.wait_ms / 1000) })}</li>
      <li>{t("create.step4", { count: hero.target })}</li>
      <li>{t("create.step5", { winner: 100 - organizer, organizer })}</li>
    </ol>
  );
}
