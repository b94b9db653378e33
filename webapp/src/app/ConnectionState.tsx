/** Says what is wrong with the connection; says nothing while nothing is. */
import { type ReactNode, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../api/client";
import { ToAppeal } from "../login/Gate";
import { useServices } from "../services/context";
import { useAway } from "../services/use-away";
import { useStore } from "../state/use-store";
import { Button } from "../ui/Button";
import { Sheet } from "../ui/Sheet";
import styles from "./app.module.css";

const CLOSE_TOKEN_REFUSED = 4501;
const CLOSE_BANNED = 4502;
const CLOSE_REPLACED = 4505;

export function ConnectionState(): ReactNode {
  const services = useServices();
  const phase = useStore(services.phase);
  if (phase.name === "ended") return <Ended code={phase.code} />;
  return <Away />;
}

function Away(): ReactNode {
  const { t } = useTranslation();
  const away = useAway();
  // A room says so itself, in the line about the stake.
  const isInRoom = useStore(useServices().room.view) !== null;
  if (away === null || isInRoom) return null;
  return (
    <p className={styles.away} role="status">
      {t(
        away === "drained"
          ? "connection.moving"
          : navigator.onLine
            ? "connection.back"
            : "connection.offline",
      )}
    </p>
  );
}

function Ended({ code }: { code: number }): ReactNode {
  const { t } = useTranslation();
  const services = useServices();
  // A refused token is renewed by itself.
  if (code === CLOSE_TOKEN_REFUSED) return null;
  if (code === CLOSE_BANNED) return <Banned />;
  const isReplaced = code === CLOSE_REPLACED;
  return (
    <Sheet title={t(isReplaced ? "connection.replacedTitle" : "connection.endedTitle")}>
      <p>{t(isReplaced ? "connection.replacedText" : "connection.endedText")}</p>
      <Button kind="plain" onClick={services.connect}>
        {t("connection.continue")}
      </Button>
    </Sheet>
  );
}

/** A close carries no reason: the next answer does, and with it nobody is in any more. */
function Banned(): ReactNode {
  const { t } = useTranslation();
  const { api, session } = useServices();
  useEffect(() => {
    api.me().catch((error: unknown) => {
      if (error instanceof ApiError && error.code === "banned") session.refuse(error);
    });
  }, [api, session]);
  return (
    <Sheet title={t("login.bannedTitle")}>
      <ToAppeal />
    </Sheet>
  );
}
