import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { cx } from "../ui/cx";
import styles from "./app.module.css";

export function NoticeBar(): ReactNode {
  const { t } = useTranslation();
  const { notices, navigation, room } = useServices();
  const notice = useStore(notices.current);
  // Most of what is said at Home is about money, and the balance is in its header.
  const isAtHome = useStore(navigation.place).name === "home";
  useEffect(() => {
    const clear = (): void => {
      notices.clear();
    };
    const forgetPlace = navigation.place.subscribe(clear);
    const forgetRoom = room.isFollowing.subscribe(clear);
    // The touch itself goes to what lies under it.
    document.addEventListener("pointerdown", clear, true);
    return () => {
      forgetPlace();
      forgetRoom();
      document.removeEventListener("pointerdown", clear, true);
    };
  }, [notices, navigation, room]);
  const stars = notice?.stars === undefined ? "" : t("money.stars", { count: notice.stars });
  return (
    <div className={cx(styles.notices, isAtHome && styles.belowHeader)} role="status">
      {notice && <p className={styles.notice}>{t(notice.key, { stars })}</p>}
    </div>
  );
}
