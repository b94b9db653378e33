import { type ReactNode, useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import type { Cancellation } from "../../room/reducer";
import { useServices } from "../../services/context";
import { useSelected } from "../../state/use-store";
import { Button } from "../../ui/Button";
import { Stars } from "../../ui/Stars";
import styles from "./results.module.css";

interface CancelledProps {
  readonly room: Room;
  readonly cancelled: Cancellation;
  readonly userId: string;
}

/** A start or a game that was called off: why, and the way of the stake until it is back. */
export function Cancelled({ room, cancelled, userId }: CancelledProps): ReactNode {
  const { t } = useTranslation();
  const services = useServices();
  const { telegram } = services;
  const balance = useSelected(services.session.state, (state) =>
    state.name === "in" ? state.user.balance : 0,
  );
  const hasPaid = room.players.some((player) => player.user_id === userId);
  const { isRefunded } = cancelled;
  useEffect(() => {
    if (isRefunded) telegram.haptic("success");
  }, [telegram, isRefunded]);
  const toLobby = useCallback((): void => {
    services.room.close();
  }, [services]);
  useEffect(() => telegram.onBack(toLobby), [telegram, toLobby]);
  return (
    <main className={styles.cancelled}>
      <section>
        <svg className={styles.stopped} viewBox="0 0 24 24" aria-hidden="true">
          <circle cx="12" cy="12" r="9" />
          <path d="M9 9v6M15 9v6" />
        </svg>
        <h1>{t("cancelled.title")}</h1>
        <p className={styles.hint}>
          {t(
            cancelled.reason === null
              ? "cancelled.text"
              : cancelled.reason === "operator"
                ? "cancelled.byOperator"
                : "cancelled.byFault",
          )}
        </p>
        {hasPaid && (
          <div className={styles.refund} data-refunded={isRefunded}>
            <Stars amount={cancelled.refundDue} sign="+" />
            <p role="status">
              {isRefunded
                ? t("cancelled.back", { balance: t("money.stars", { count: balance }) })
                : t("cancelled.onItsWay")}
            </p>
          </div>
        )}
      </section>
      <footer className={styles.actions}>
        <Button kind="plain" onClick={toLobby}>
          {t("results.toLobby")}
        </Button>
      </footer>
    </main>
  );
}
