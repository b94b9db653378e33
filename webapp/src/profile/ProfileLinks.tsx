/** From the profile to what was played, paid and said. */
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../protocol/generated";
import { useServices } from "../services/context";
import type { Place } from "../services/navigation";
import { useStore } from "../state/use-store";
import { RowIcon } from "../ui/RowIcon";
import { Row, Rows } from "../ui/Rows";
import { useReturn } from "../ui/use-return";
import { isNewer, lastSeen } from "./notices/seen";
import { fetchNotices } from "./profile-api";
import styles from "./profile-links.module.css";

const GROUPS = [
  {
    title: "profile.activity",
    links: [
      {
        name: "history",
        text: "history.title",
        icon: "M12 4a8 8 0 1 1-7.400 5M4.500 4.500V9H9M12 8v4.500l3 1.800",
      },
      {
        name: "notices",
        text: "notices.title",
        icon: "M12 4a6 6 0 0 1 6 6v4l1.500 3h-15L6 14v-4a6 6 0 0 1 6-6zM10 20h4",
      },
    ],
  },
  {
    title: "profile.moneyRows",
    links: [
      {
        name: "statement",
        text: "profile.statement",
        icon: "M6 4h12v16l-3-2-3 2-3-2-3 2zM9 9h6M9 13h6",
      },
      {
        name: "payments",
        text: "profile.payments",
        icon: "M3.500 6.500h17v11h-17zM3.500 10.500h17M7 14.500h3",
      },
      {
        name: "limits",
        text: "profile.limits",
        icon: "M12 4l7 2.500v5c0 4-3 7-7 8.500-4-1.500-7-4.500-7-8.500v-5zM9 12l2 2 4-4",
      },
      {
        name: "account",
        text: "profile.account",
        icon: "M4 6h16v12H4zM4 7l8 6 8-6",
      },
    ],
  },
] as const;

export function ProfileLinks({ user }: { user: User }): ReactNode {
  const { t } = useTranslation();
  const { navigation, offers, telegram } = useServices();
  const hasUnread = useUnread(user.user_id);
  // An account of Telegram alone, where no mail goes out, has nothing to set.
  const hasAccount = useStore(offers)?.email === true || user.email !== null;
  const row = (name: Place["name"], text: string, icon: string): ReactNode => (
    <Row
      key={name}
      label={text}
      icon={<RowIcon path={icon} />}
      {...(name === "notices" && hasUnread ? { value: <UnreadMark /> } : {})}
      onClick={() => {
        telegram.haptic("select");
        navigation.go({ name });
      }}
    />
  );
  return GROUPS.map(({ title, links }) => (
    <Rows key={title} title={t(title)}>
      {links
        .filter(({ name }) => name !== "account" || hasAccount)
        .map(({ name, text, icon }) => row(name, t(text), icon))}
    </Rows>
  ));
}

function UnreadMark(): ReactNode {
  const { t } = useTranslation();
  return (
    <span className={styles.unread}>
      <span className="visually-hidden">{t("profile.unread")}</span>
    </span>
  );
}

/** Whether there is a notice that was not seen on this device. */
function useUnread(userId: string): boolean {
  const { api } = useServices();
  const [newest, setNewest] = useState<string | null>(null);
  const look = useCallback(() => {
    fetchNotices(api.ask, null, 1).then(
      ({ items }) => {
        setNewest(items[0]?.notice_id ?? null);
      },
      // Then there is no dot: the list itself says what is wrong.
      () => undefined,
    );
  }, [api]);
  useEffect(look, [look]);
  useReturn(look);
  return newest !== null && isNewer(newest, lastSeen(userId));
}
