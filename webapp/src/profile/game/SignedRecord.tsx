/** The server's signed record of a game: enough to prove later what was counted. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "../../api/client";
import type { Record as GameRecord } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { Button } from "../../ui/Button";
import { CopyButton } from "../../ui/CopyButton";
import { fetchRecord } from "../profile-api";
import styles from "./game-details.module.css";

type State =
  | { readonly name: "closed" }
  | { readonly name: "loading" }
  | { readonly name: "failed"; readonly message: string | null }
  | { readonly name: "ready"; readonly record: GameRecord };

export function SignedRecord({ roomId }: { roomId: string }): ReactNode {
  const { t } = useTranslation();
  const { api } = useServices();
  const [state, setState] = useState<State>({ name: "closed" });
  const load = async (): Promise<void> => {
    setState({ name: "loading" });
    try {
      setState({ name: "ready", record: await fetchRecord(api.ask, roomId) });
    } catch (error) {
      const isEarly = error instanceof ApiError && error.code === "not_found";
      const message = error instanceof ApiError ? error.message : t("connection.unreachable");
      setState({ name: "failed", message: isEarly ? t("record.early") : message });
    }
  };
  return (
    <section className={styles.record}>
      <h2>{t("record.title")}</h2>
      <p>{t("record.text")}</p>
      {state.name === "ready" ? (
        <>
          <dl>
            <dt>{t("record.root")}</dt>
            <dd>{state.record.root}</dd>
            <dt>{t("record.key")}</dt>
            <dd>{state.record.signature.key_id}</dd>
          </dl>
          <CopyButton text={JSON.stringify(state.record)} label={t("record.copy")} />
        </>
      ) : (
        <>
          {state.name === "failed" && <p role="alert">{state.message}</p>}
          <Button kind="quiet" onClick={() => void load()} isBusy={state.name === "loading"}>
            {t("record.show")}
          </Button>
        </>
      )}
    </section>
  );
}
