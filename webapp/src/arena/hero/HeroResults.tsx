/** What the end of a hero room has beside that of any room: the organizer's part, and other ways on. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import type { Outcome } from "../../room/reducer";
import { useServices } from "../../services/context";
import type { Place } from "../../services/navigation";
import { GameAmount } from "../../ui/Amount";
import { Button } from "../../ui/Button";
import { Skeleton } from "../../ui/Skeleton";
import { Stars } from "../../ui/Stars";
import { StakeLine } from "../StakeLine";
import { useOrganizerPart } from "./use-organizer-part";
import styles from "./results.module.css";

interface HeroResultsProps {
  readonly room: Room;
  readonly outcome: Outcome;
}

/** Everybody sees what the pool gave to whom. */
export function OrganizersPart({ room, outcome }: HeroResultsProps): ReactNode {
  const { t } = useTranslation();
  const part = useOrganizerPart();
  if (outcome.winner === null) return null;
  return (
    <p className={styles.part} data-testid="organizers-part">
      {t("hero.organizersPart", { part })} <Stars amount={room.pool - outcome.prize} />
    </p>
  );
}

/** An organizer's own line, in the place of a player's; known for sure only when the game is recorded. */
export function OrganizersPayout({ outcome }: { outcome: Outcome }): ReactNode {
  const { t } = useTranslation();
  const part = useOrganizerPart();
  const { payout } = outcome;
  return (
    <section
      className={styles.own}
      aria-live="polite"
      {...(payout === null ? {} : { "data-payout": payout })}
    >
      <p>
        <span>{t("hero.yourPart", { part })}</span>
        {payout === null ? (
          <Skeleton width="76px" height={26} />
        ) : (
          <GameAmount stake={null} payout={payout} isBack={false} />
        )}
      </p>
      <StakeLine
        text={
          payout === null
            ? t("stake.counting")
            : t(outcome.winner === null ? "hero.organizerNothing" : "hero.organizerFate")
        }
      />
    </section>
  );
}

/** The room is over with its key: who plays again needs a new one, and enters it or makes its room. */
export function HeroActions({ isOrganizer }: { isOrganizer: boolean }): ReactNode {
  const { t } = useTranslation();
  const { navigation, room } = useServices();
  const toLobby = (): void => {
    navigation.goToTab("home");
    room.close();
  };
  const goOn = (name: Place["name"]) => (): void => {
    if (navigation.place.get().name !== name) navigation.go({ name });
    room.close();
  };
  return (
    <>
      {isOrganizer ? (
        <Button onClick={goOn("makeRoom")}>{t("hero.another")}</Button>
      ) : (
        <Button onClick={goOn("enterByKey")}>{t("hero.again")}</Button>
      )}
      <Button kind="quiet" onClick={toLobby}>
        {t("results.toLobby")}
      </Button>
    </>
  );
}
