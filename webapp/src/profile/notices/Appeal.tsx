/** A word against a block: written and sent once, then what became of it. */
import { type ReactNode, useId, useState } from "react";
import { useTranslation } from "react-i18next";
import * as z from "zod/mini";
import { ApiError } from "../../api/client";
import type { Appealed, Notice } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { forget, recall, remember } from "../../state/storage";
import { formatMoment } from "../../texts/moments";
import { Button } from "../../ui/Button";
import { sendAppeal } from "../profile-api";
import styles from "./appeal.module.css";

const MOST_SIGNS = 2000;
/** From here on it is said how many are left. */
const FEW_LEFT = 200;

interface AppealProps {
  readonly notice: Notice;
  readonly onChange: () => Promise<void>;
}

export function Appeal({ notice, onChange }: AppealProps): ReactNode {
  const { t } = useTranslation();
  const draft = `appeal.${notice.notice_id}`;
  const [isOpen, setIsOpen] = useState(() => recall(draft, z.string()) !== null);
  // A notice further down the list is not among those that are asked for anew.
  const [sent, setSent] = useState<Appealed | null>(null);
  const appeal = notice.appeal ?? sent;
  if (appeal) return <Said appeal={appeal} />;
  if (!notice.can_appeal) return null;
  if (isOpen) {
    return <AppealForm notice={notice} draft={draft} onChange={onChange} onSent={setSent} />;
  }
  return (
    <Button
      kind="quiet"
      onClick={() => {
        setIsOpen(true);
      }}
    >
      {t("appeal.open")}
    </Button>
  );
}

interface AppealFormProps extends AppealProps {
  readonly draft: string;
  readonly onSent: (appeal: Appealed) => void;
}

function AppealForm({ notice, draft, onChange, onSent }: AppealFormProps): ReactNode {
  const { t } = useTranslation();
  const { api, clock, telegram } = useServices();
  const id = useId();
  const [text, setText] = useState(() => recall(draft, z.string()) ?? "");
  const [isSending, setIsSending] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  // The server counts code points, as a person does.
  const left = MOST_SIGNS - Array.from(text).length;
  const whyNot =
    text.trim() === ""
      ? t("appeal.empty")
      : left < 0
        ? t("appeal.tooLong", { count: -left })
        : null;
  const send = async (): Promise<void> => {
    setIsSending(true);
    setProblem(null);
    try {
      const said = text.trim();
      await sendAppeal(api.ask, notice.notice_id, said);
      onSent({ text: said, created_ms: clock.now(), answer: null, answered_ms: null });
      telegram.haptic("success");
    } catch (error) {
      const isSaidBefore = error instanceof ApiError && error.code === "conflict";
      if (!isSaidBefore) {
        setProblem(error instanceof ApiError ? error.message : t("appeal.network"));
        setIsSending(false);
        return;
      }
    }
    forget(draft);
    await onChange();
    setIsSending(false);
  };
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label>
        {t("appeal.label")}
        <textarea
          rows={4}
          dir="auto"
          required
          autoFocus={text === ""}
          placeholder={t("appeal.placeholder")}
          aria-describedby={`${id}-note`}
          readOnly={isSending}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            remember(draft, event.target.value);
          }}
        />
      </label>
      <p id={`${id}-note`}>
        {left < FEW_LEFT ? t("appeal.left", { count: Math.max(0, left) }) : t("appeal.once")}
      </p>
      {problem !== null && (
        <p role="alert" className={styles.problem}>
          {problem}
        </p>
      )}
      <Button kind="plain" type="submit" isBusy={isSending} whyNot={isSending ? null : whyNot}>
        {t(isSending ? "appeal.sending" : "appeal.send")}
      </Button>
    </form>
  );
}

function Said({ appeal }: { appeal: Appealed }): ReactNode {
  const { t, i18n } = useTranslation();
  const nowMs = useServices().clock.now();
  const moment = (ms: number): string => formatMoment(ms, i18n.language, nowMs);
  return (
    <div className={styles.said} data-appeal={appeal.answer === null ? "waiting" : "answered"}>
      <h4>{t("appeal.yours", { moment: moment(appeal.created_ms) })}</h4>
      <p dir="auto">{appeal.text}</p>
      {appeal.answer === null ? (
        <p className={styles.state} role="status">
          {t("appeal.waiting")}
        </p>
      ) : (
        <>
          <h4>{t("appeal.answer", { moment: moment(appeal.answered_ms ?? appeal.created_ms) })}</h4>
          <p dir="auto">{appeal.answer}</p>
        </>
      )}
    </div>
  );
}
