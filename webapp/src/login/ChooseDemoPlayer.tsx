/** Development, outside Telegram: become a demo player, or make one. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { DemoPlayer } from "../protocol/generated";
import { useServices } from "../services/context";
import { useStore } from "../state/use-store";
import { currentLanguage } from "../texts/texts";
import { Avatar } from "../ui/Avatar";
import { Button } from "../ui/Button";
import { LanguageSwitch } from "../ui/LanguageSwitch";
import styles from "./login.module.css";

export function ChooseDemoPlayer({ players }: { players: readonly DemoPlayer[] }): ReactNode {
  const { t } = useTranslation();
  const { session, offers: offered } = useServices();
  const offers = useStore(offered);
  return (
    <main className={styles.demo}>
      <header>
        <h1>{t("login.demoTitle")}</h1>
        <LanguageSwitch />
      </header>
      <p>{t("login.demoText")}</p>
      <NewPlayer />
      <ul>
        {players.map((player) => (
          <li key={player.telegram_id}>
            <PlayerChoice player={player} />
          </li>
        ))}
      </ul>
      {offers?.email && (
        <Button
          kind="quiet"
          onClick={() => {
            session.stayOutside();
          }}
        >
          {t("login.demoEmail")}
        </Button>
      )}
    </main>
  );
}

function PlayerChoice({ player }: { player: DemoPlayer }): ReactNode {
  const { session } = useServices();
  const name = [player.first_name, player.last_name].filter(Boolean).join(" ");
  return (
    <button type="button" className={styles.choice} onClick={() => void session.choose(player)}>
      <Avatar userId={String(player.telegram_id)} name={name} photoUrl={null} size={40} />
      <span>{name}</span>
      <small>{player.language_code}</small>
    </button>
  );
}

function NewPlayer(): ReactNode {
  const { t } = useTranslation();
  const { session } = useServices();
  const [name, setName] = useState("");
  return (
    <form
      className={styles.create}
      onSubmit={(event) => {
        event.preventDefault();
        void session.choose({ first_name: name.trim(), language_code: currentLanguage() });
      }}
    >
      <input
        aria-label={t("login.demoName")}
        placeholder={t("login.demoNew")}
        value={name}
        maxLength={64}
        required
        onChange={(event) => {
          setName(event.target.value);
        }}
      />
      <Button type="submit" whyNot={name.trim() === "" ? t("login.demoNameFirst") : null}>
        {t("login.demoEnter")}
      </Button>
    </form>
  );
}
