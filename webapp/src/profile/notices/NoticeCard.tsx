import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Notice } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { formatTime } from "../../texts/moments";
import { reasonKey } from "../../texts/reasons";
import { Amount } from "../../ui/Amount";
import { Appeal } from "./Appeal";
import { noticeText, shownAmount } from "./notice-texts";
import styles from "./notices.module.css";

interface NoticeCardProps {
  readonly notice: Notice;
  readonly isNew: boolean;
  /** The notice may say something else now. */
  readonly onChange: () => Promise<void>;
}

export function NoticeCard({ notice, isNew, onChange }: NoticeCardProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { title, effect, isWritten } = noticeText(notice);
  const known = reasonKey(notice.reason);
  const amount = shownAmount(notice);
  const isOrganizers = notice.kind === "cancelled" && notice.amount === 0;
  return (
    <li className={styles.notice} data-kind={notice.kind}>
      <div className={styles.head}>
        <div>
          <h3>
            {isNew && (
              <span className={styles.new}>
                <span className="visually-hidden">{t("notices.new")}</span>
              </span>
            )}
            {t(isOrganizers ? "notices.cancelledOwn" : title)}
          </h3>
          {isWritten ? (
            notice.reason !== null && (
              <p className={styles.words} dir="auto">
                {notice.reason}
              </p>
            )
          ) : (
            <>
              {known !== null && <p>{t(known)}</p>}
              {notice.kind === "blocked" && <Stake lost={notice.amount} />}
              {effect === "aside" && notice.amount !== null && (
                <p>{t("money.stars", { count: notice.amount })}</p>
              )}
            </>
          )}
        </div>
        {amount !== null && <Amount stars={amount} isQuiet={effect === "back"} />}
      </div>
      <div className={styles.foot}>
        <time>{formatTime(notice.created_ms, i18n.language)}</time>
        {notice.room_id !== null && <ToGame roomId={notice.room_id} />}
      </div>
      <Appeal notice={notice} onChange={onChange} />
    </li>
  );
}

function Stake({ lost }: { lost: number | null }): ReactNode {
  const { t } = useTranslation();
  return <p>{t(lost === null ? "notices.stakeBack" : "notices.stakeLost")}</p>;
}

function ToGame({ roomId }: { roomId: string }): ReactNode {
  const { t } = useTranslation();
  const { navigation } = useServices();
  return (
    <button
      type="button"
      onClick={() => {
        navigation.go({ name: "game", id: roomId });
      }}
    >
      {t("notices.toGame")}
    </button>
  );
}
