/** The profile's wallet: a way to link one while there is none, its address and a way to unlink it when there is. */
import "../texts/money";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { User } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { CopyButton } from "../ui/CopyButton";
import { Row, Rows } from "../ui/Rows";
import { Sheet } from "../ui/Sheet";
import { friendly, short } from "./address";
import { usePayments } from "./payments";
import { walletsOf } from "./ton-connect";
import { refusedBy } from "./refusals";
import { useRefusal } from "./use-refusal";
import { WalletPicker } from "./WalletPicker";
import styles from "./money.module.css";

/** Nothing where this server links no wallets. */
export function WalletSection({ user }: { user: User }): ReactNode {
  const { t } = useTranslation();
  const { offers } = useServices();
  const offered = useStore(offers);
  const [open, setOpen] = useState<"picker" | "unlink" | null>(null);
  if (!offered?.wallet) return null;
  const close = (): void => {
    setOpen(null);
  };
  const address = user.wallet === null ? null : friendly(user.wallet, offered.ton_network);
  return (
    <>
      {address === null ? (
        <div className={styles.wallet}>
          <Button
            kind="quiet"
            onClick={() => {
              setOpen("picker");
            }}
          >
            {t("wallet.link")}
          </Button>
        </div>
      ) : (
        <Rows title={t("wallet.section")}>
          <Row
            label={<span title={address}>{short(address)}</span>}
            hint={<span className="visually-hidden">{address}</span>}
            value={
              <span className={styles.inline}>
                <CopyButton text={address} label={t("wallet.copy")} />
              </span>
            }
          />
          <Row
            label={t("wallet.unlink")}
            onClick={() => {
              setOpen("unlink");
            }}
          />
        </Rows>
      )}
      {open === "picker" && (
        <WalletPicker offers={offered} isToLink onDone={close} onClose={close} />
      )}
      {open === "unlink" && <Unlink onClose={close} />}
    </>
  );
}

function Unlink({ onClose }: { onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const services = useServices();
  const { api } = usePayments();
  const offers = useStore(services.offers);
  const [isBusy, setIsBusy] = useState(false);
  const [refusal, refuse] = useRefusal();
  const unlink = async (): Promise<void> => {
    setIsBusy(true);
    try {
      await api.unlinkWallet();
      await services.refreshUser();
      // The wallet itself may be away; it is not the account's any more all the same.
      if (offers)
        void walletsOf(services, offers)
          .disconnect()
          .catch(() => undefined);
      onClose();
    } catch (error) {
      setIsBusy(false);
      refuse(refusedBy(error));
    }
  };
  return (
    <Sheet title={t("wallet.unlinkTitle")} onClose={onClose}>
      <p>{t("wallet.unlinkText")}</p>
      {refusal !== null && <p role="alert">{refusal}</p>}
      <Button kind="plain" onClick={onClose}>
        {t("join.close")}
      </Button>
      <Button kind="danger" isBusy={isBusy} onClick={() => void unlink()}>
        {t("wallet.unlink")}
      </Button>
    </Sheet>
  );
}
