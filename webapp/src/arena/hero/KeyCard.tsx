/** The room's key in a section of its own: to be read aloud, copied, or sent. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { showRoomKey } from "../../join/room-key";
import type { Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { useStore } from "../../state/use-store";
import { useCopying } from "../../ui/use-copying";
import { invitationLink } from "./invitation";
import styles from "./hero.module.css";

const COPY = "M9 9h10v11H9zM15 9V4H5v11h4";

export function KeyCard({ room, roomKey }: { room: Room; roomKey: string }): ReactNode {
  const { t } = useTranslation();
  const { telegram, notices, offers } = useServices();
  const botUsername = useStore(offers)?.bot_username ?? null;
  const shown = showRoomKey(roomKey);
  const { isCopied, copy, byHand } = useCopying();
  const share = async (): Promise<void> => {
    const url = invitationLink(roomKey, botUsername, window.location.href);
    const fee = t("money.stars", { count: room.stake });
    if (telegram.share(url, t("hero.invitation", { fee, key: shown }))) return;
    if (await copy(url)) notices.show("notice.linkCopied");
  };
  return (
    <section className={styles.keyCard} aria-label={t("hero.key")}>
      <p>
        <small>{t("hero.key")}</small>
        <strong data-testid="room-key" translate="no">
          {shown}
        </strong>
      </p>
      <div>
        <button type="button" onClick={() => void copy(shown)}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            {isCopied ? <path d="M5 12.500l4.500 4.500L19 7.500" /> : <path d={COPY} />}
          </svg>
          <span>{t(isCopied ? "copy.done" : "hero.copy")}</span>
        </button>
        <button type="button" className={styles.share} onClick={() => void share()}>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <path d="M21 4L3 11l6.500 2.500L20 5 12 15.500V20l3-3 3.500 2.500z" />
          </svg>
          <span>{t("hero.share")}</span>
        </button>
      </div>
      {byHand}
    </section>
  );
}
