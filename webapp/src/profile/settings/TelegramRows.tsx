/** What only Telegram can do for the player: each is asked for by a press, and gone or ticked once it is done. */
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../../services/context";
import { isWriteAllowed } from "../../telegram/launch";
import type { HomeScreen } from "../../telegram/telegram";
import { RowIcon } from "../../ui/RowIcon";
import { Row, Rows } from "../../ui/Rows";

const HOME = "M4.500 11L12 4.500l7.500 6.500v8.500h-15zM12 11v5M9.500 13.500h5";
const LETTER = "M4 6h16v12H4zM4 7l8 6 8-6";
const PHONE =
  "M7 4h3l1.500 4-2 1.500a11 11 0 0 0 5 5l1.500-2 4 1.500v3a2 2 0 0 1-2 2A14 14 0 0 1 5 6a2 2 0 0 1 2-2z";

export function TelegramRows(): ReactNode {
  const { t } = useTranslation();
  const { telegram } = useServices();
  const [homeScreen, setHomeScreen] = useState<HomeScreen | null>(null);
  useEffect(() => {
    let isGone = false;
    void telegram.homeScreen().then((answer) => {
      if (!isGone) setHomeScreen(answer);
    });
    const stop = telegram.onHomeScreen(() => {
      setHomeScreen("added");
    });
    return () => {
      isGone = true;
      stop();
    };
  }, [telegram]);
  return (
    <Rows title="Telegram">
      {(homeScreen === "missed" || homeScreen === "unknown") && (
        <Row
          icon={<RowIcon path={HOME} />}
          label={t("settings.homeScreen")}
          onClick={() => {
            telegram.addToHomeScreen();
          }}
        />
      )}
      <Question
        icon={LETTER}
        label={t("settings.write")}
        hint={t("settings.writeHint")}
        done={t("settings.writeDone")}
        wasDone={isWriteAllowed(telegram.initData ?? "")}
        ask={() => telegram.requestWriteAccess()}
      />
      <Question
        icon={PHONE}
        label={t("settings.phone")}
        hint={t("settings.phoneHint")}
        done={t("settings.phoneDone")}
        wasDone={false}
        ask={() => telegram.requestContact()}
      />
    </Rows>
  );
}

interface QuestionProps {
  readonly icon: string;
  readonly label: string;
  readonly hint: string;
  readonly done: string;
  readonly wasDone: boolean;
  /** Null where this client cannot ask. */
  readonly ask: () => Promise<boolean | null>;
}

type Answer = "open" | "asking" | "done" | "impossible";

function Question({ icon, label, hint, done, wasDone, ask }: QuestionProps): ReactNode {
  const { t } = useTranslation();
  const [answer, setAnswer] = useState<Answer>(wasDone ? "done" : "open");
  const put = async (): Promise<void> => {
    setAnswer("asking");
    const isDone = await ask();
    setAnswer(isDone === null ? "impossible" : isDone ? "done" : "open");
  };
  if (answer === "done" || answer === "impossible") {
    return (
      <Row
        icon={<RowIcon path={icon} />}
        label={label}
        hint={answer === "done" ? done : t("settings.tooOld")}
      />
    );
  }
  return (
    <Row
      icon={<RowIcon path={icon} />}
      label={label}
      hint={hint}
      onClick={() => void put()}
      isBusy={answer === "asking"}
    />
  );
}
