/** One form on its way to the server: whether it is being sent, and what was wrong with it. */
import type { TFunction } from "i18next";
import { type SyntheticEvent, useState } from "react";
import { useTranslation } from "react-i18next";
import { type FieldName, type Form, type Problem, problemsOf } from "./problems";

/** From here on a wait is said in minutes. */
const MINUTES_FROM_MS = 90_000;

export interface FormState {
  readonly isSending: boolean;
  readonly onSubmit: (event: SyntheticEvent) => void;
  /** What is wrong with one field. */
  readonly fault: (field: FieldName) => string | undefined;
  /** What is wrong with the whole. */
  readonly message: string | undefined;
}

export function useForm(form: Form, send: () => Promise<void>): FormState {
  const { t } = useTranslation();
  const [isSending, setIsSending] = useState(false);
  const [problems, setProblems] = useState<readonly Problem[]>([]);
  const submit = async (): Promise<void> => {
    setIsSending(true);
    setProblems([]);
    try {
      await send();
    } catch (error) {
      setProblems(problemsOf(error, form));
    } finally {
      setIsSending(false);
    }
  };
  const textOf = (field: FieldName | null): string | undefined => {
    const problem = problems.find((each) => each.field === field);
    return problem && problemText(t, problem);
  };
  return {
    isSending,
    onSubmit: (event) => {
      event.preventDefault();
      if (!isSending) void submit();
    },
    fault: textOf,
    message: textOf(null),
  };
}

function problemText(t: TFunction, problem: Problem): string {
  if ("message" in problem) return problem.message;
  if ("waitMs" in problem) return t(problem.key, { time: waitText(t, problem.waitMs) });
  return t(problem.key);
}

function waitText(t: TFunction, ms: number): string {
  return ms < MINUTES_FROM_MS
    ? t("account.seconds", { count: Math.ceil(ms / 1000) })
    : t("account.minutes", { count: Math.ceil(ms / 60_000) });
}
