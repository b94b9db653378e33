/** What can be set: the language, what this device does, what Telegram may do, and where the rules stand. */
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../../services/context";
import { useStore } from "../../state/use-store";
import { Button } from "../../ui/Button";
import { LanguageSwitch } from "../../ui/LanguageSwitch";
import { RowIcon } from "../../ui/RowIcon";
import { Row, Rows } from "../../ui/Rows";
import { SwitchRow } from "../../ui/SwitchRow";
import { TelegramRows } from "./TelegramRows";

const GLOBE =
  "M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM4 12h16M12 4c3 2.500 3 13.500 0 16M12 4c-3 2.500-3 13.500 0 16";
const SPEAKER = "M4 10v4h3.500L12 18V6l-4.500 4zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11";
const PHONE_SHAKES = "M8.500 4h7v16h-7zM5 8v8M19 8v8M2 10.500v3M22 10.500v3";

export function Settings(): ReactNode {
  const { t } = useTranslation();
  const { preferences, session, telegram } = useServices();
  const { sound, haptics } = useStore(preferences.current);
  const isInTelegram = telegram.initData !== null;
  const state = useStore(session.state);
  return (
    <>
      <Rows title={t("settings.title")}>
        <Row
          icon={<RowIcon path={GLOBE} />}
          label={t("language.label")}
          value={<LanguageSwitch />}
        />
        <SwitchRow
          icon={<RowIcon path={SPEAKER} />}
          label={t("settings.sound")}
          isOn={sound}
          onChange={(isOn) => {
            preferences.change({ sound: isOn });
          }}
        />
        {isInTelegram && (
          <SwitchRow
            icon={<RowIcon path={PHONE_SHAKES} />}
            label={t("settings.haptics")}
            isOn={haptics}
            onChange={(isOn) => {
              preferences.change({ haptics: isOn });
              // What was just switched on is felt; a switch that goes off stays still.
              telegram.haptic("select");
            }}
          />
        )}
      </Rows>
      {isInTelegram && <TelegramRows />}
      <Rules />
      {state.name === "in" && state.method.name !== "telegram" && (
        <Button
          kind="quiet"
          onClick={() => {
            session.logOut();
          }}
        >
          {t("settings.logOut")}
        </Button>
      )}
    </>
  );
}

const RULES = [
  { command: "terms", text: "settings.terms" },
  { command: "privacy", text: "settings.privacy" },
  { command: "paysupport", text: "settings.support" },
] as const;

/** The rules and the help are the bot's to say: a chat with it opens, the command already written. */
function Rules(): ReactNode {
  const { t } = useTranslation();
  const { offers, telegram } = useServices();
  const bot = useStore(offers)?.bot_username ?? null;
  if (bot === null) return null;
  return (
    <Rows title={t("settings.about")}>
      {RULES.map(({ command, text }) => (
        <Row
          key={command}
          label={t(text)}
          hint={t("settings.inBot", { command: `/${command}` })}
          onClick={() => {
            telegram.openLink(`https://t.me/${bot}?text=${encodeURIComponent(`/${command}`)}`);
          }}
        />
      ))}
    </Rows>
  );
}
