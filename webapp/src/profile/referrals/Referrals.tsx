/** The player's own code, and whom they brought: a section of the profile. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Paged, PagedList } from "../../api/paged-list";
import type { Invited } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { formatDay } from "../../texts/moments";
import { Avatar } from "../../ui/Avatar";
import { Failed } from "../../ui/Failed";
import { LoadMore } from "../../ui/LoadMore";
import { Row, Rows } from "../../ui/Rows";
import { Skeleton } from "../../ui/Skeleton";
import { usePaged } from "../../ui/use-paged";
import { fetchReferrals } from "../profile-api";
import { type Invitation, InviteCard } from "./InviteCard";
import styles from "./referrals.module.css";

const CARD_HEIGHT = 290;
const NOBODY_HEIGHT = 20;

export function Referrals(): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const { paged, refresh, more } = usePaged(
    () =>
      new PagedList<Invited>(
        async (cursor) => {
          const { code, link, invited, next_cursor } = await fetchReferrals(api.ask, cursor);
          setInvitation({ code, link });
          return { items: invited, next: next_cursor };
        },
        (player) => player.user_id,
      ),
  );
  return (
    <section className={styles.section} aria-label={t("referrals.title")}>
      <h2>{t("referrals.title")}</h2>
      {invitation === null && paged.failure ? (
        <Failed message={paged.failure.message} onRetry={refresh} />
      ) : (
        <>
          {invitation ? (
            <InviteCard invitation={invitation} />
          ) : (
            <Skeleton height={CARD_HEIGHT} radius={24} />
          )}
          <Players paged={paged} onMore={more} />
        </>
      )}
    </section>
  );
}

function Players({ paged, onMore }: { paged: Paged<Invited>; onMore: () => void }): ReactNode {
  const { t, i18n } = useTranslation();
  const nowMs = useServices().clock.now();
  if (paged.items === null) return <Skeleton height={NOBODY_HEIGHT} radius={20} />;
  if (paged.items.length === 0) return <p className={styles.nobody}>{t("referrals.nobody")}</p>;
  return (
    <>
      <Rows title={t("referrals.invited")}>
        {paged.items.map((player) => (
          <Row
            key={player.user_id}
            icon={
              <Avatar
                userId={player.user_id}
                name={player.name}
                photoUrl={player.photo_url}
                size={36}
              />
            }
            label={
              <span className={styles.name} dir="auto">
                {player.name}
              </span>
            }
            hint={t("referrals.since", {
              day: formatDay(player.joined_ms, i18n.language, nowMs),
            })}
            value={
              <span className={styles.state} data-finished={player.finished}>
                {t(player.finished ? "referrals.played" : "referrals.notYet")}
              </span>
            }
          />
        ))}
      </Rows>
      <LoadMore paged={paged} onMore={onMore} />
    </>
  );
}
