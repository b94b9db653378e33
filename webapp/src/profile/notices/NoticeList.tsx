/** What happened to the player's Stars and account, newest first, and a word against a block. */
import "../../texts/profile";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { PagedList } from "../../api/paged-list";
import type { Notice } from "../../protocol/generated";
import { useServices } from "../../services/context";
import type { ScreenProps } from "../../services/screen-props";
import { byDay } from "../../texts/moments";
import { Empty } from "../../ui/Empty";
import { Failed } from "../../ui/Failed";
import { LoadMore } from "../../ui/LoadMore";
import { Screen } from "../../ui/Screen";
import { Skeleton } from "../../ui/Skeleton";
import { usePaged } from "../../ui/use-paged";
import { fetchNotices } from "../profile-api";
import { NoticeCard } from "./NoticeCard";
import { isNewer, lastSeen, markSeen } from "./seen";
import styles from "./notices.module.css";

const BELL = "M12 4a6 6 0 0 1 6 6v4l1.500 3h-15L6 14v-4a6 6 0 0 1 6-6zM10 20h4";

export default function NoticeList({ user }: ScreenProps): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const { list, paged, refresh, more } = usePaged(
    () =>
      new PagedList<Notice>(
        (cursor) => fetchNotices(api.ask, cursor),
        (notice) => notice.notice_id,
      ),
  );
  const newest = paged.items?.[0]?.notice_id;
  // What was new when the screen was opened keeps its mark while one reads.
  const [seenBefore] = useState(() => lastSeen(user.user_id));
  useEffect(() => {
    if (newest !== undefined) markSeen(user.user_id, newest);
  }, [newest, user.user_id]);
  return (
    <Screen title={t("notices.title")} hasBack>
      {paged.items === null ? (
        paged.failure ? (
          <Failed message={paged.failure.message} onRetry={refresh} />
        ) : (
          <div className={styles.day} aria-busy="true">
            <Skeleton height={19} width="30%" />
            <Skeleton height={86} radius={20} />
            <Skeleton height={86} radius={20} />
            <Skeleton height={86} radius={20} />
          </div>
        )
      ) : paged.items.length === 0 ? (
        <Empty icon={BELL} text={t("notices.empty")} />
      ) : (
        <>
          <Days notices={paged.items} seenBefore={seenBefore} onChange={() => list.refresh()} />
          <LoadMore paged={paged} onMore={more} />
        </>
      )}
    </Screen>
  );
}

interface DaysProps {
  readonly notices: readonly Notice[];
  readonly seenBefore: string | null;
  readonly onChange: () => Promise<void>;
}

function Days({ notices, seenBefore, onChange }: DaysProps): ReactNode {
  const { i18n } = useTranslation();
  const nowMs = useServices().clock.now();
  const days = byDay(notices, (notice) => notice.created_ms, { language: i18n.language, nowMs });
  return days.map(({ label, items }) => (
    <section key={label} className={styles.day}>
      <h2>{label}</h2>
      <ul>
        {items.map((notice) => (
          <NoticeCard
            key={notice.notice_id}
            notice={notice}
            isNew={isNewer(notice.notice_id, seenBefore)}
            onChange={onChange}
          />
        ))}
      </ul>
    </section>
  ));
}
