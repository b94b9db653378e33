/** What players forbid themselves: Stars a day, and games for a while.  Tighter holds at once, looser in 24 hours. */
import "../texts/money";
import { type ReactNode, useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Limits as LimitsState, PutLimits } from "../protocol/generated";
import { useServices } from "../services/context";
import { formatMoment } from "../texts/moments";
import { Button } from "../ui/Button";
import { Failed } from "../ui/Failed";
import { Row, Rows } from "../ui/Rows";
import { Screen } from "../ui/Screen";
import { Skeleton } from "../ui/Skeleton";
import { Stars } from "../ui/Stars";
import { useLoaded } from "../ui/use-loaded";
import { useReturn } from "../ui/use-return";
import { AmountField } from "./AmountField";
import { readStars } from "./amounts";
import { Exclusion } from "./Exclusion";
import { usePayments } from "./payments";
import { refusedBy } from "./refusals";
import { useRefusal } from "./use-refusal";
import styles from "./money.module.css";

const PRESETS = [100, 500, 1000, 5000] as const;

export default function Limits(): ReactNode {
  const { t } = useTranslation();
  const { api } = usePayments();
  const [loaded, reload] = useLoaded(useCallback(() => api.limits(), [api]));
  useReturn(reload);
  return (
    <Screen title={t("limits.title")} hasBack>
      <p className={styles.plain}>{t("limits.text")}</p>
      {loaded.name === "loading" ? (
        <>
          <Skeleton height={230} radius={20} />
          <Skeleton height={120} radius={20} />
        </>
      ) : loaded.name === "failed" ? (
        <Failed message={loaded.message} onRetry={reload} />
      ) : (
        <Both key={JSON.stringify(loaded.value)} limits={loaded.value} onChanged={reload} />
      )}
    </Screen>
  );
}

function Both({ limits, onChanged }: { limits: LimitsState; onChanged: () => void }): ReactNode {
  const { t, i18n } = useTranslation();
  const { telegram } = useServices();
  const { api } = usePayments();
  const [text, setText] = useState(limits.daily_stars === null ? "" : String(limits.daily_stars));
  const [isBusy, setIsBusy] = useState(false);
  const [refusal, refuse] = useRefusal();
  const wished = text === "" ? null : readStars(text);
  const isRight = text === "" || wished !== null;
  const { pending_daily: pending } = limits;
  const already = pending ? pending.daily_stars : limits.daily_stars;

  /** What is not changed is not named: another device may have set it meanwhile. */
  const set = async (change: PutLimits): Promise<boolean> => {
    setIsBusy(true);
    refuse(null);
    try {
      await api.setLimits(change);
      telegram.haptic("success");
      onChanged();
      return true;
    } catch (error) {
      refuse(refusedBy(error));
      return false;
    } finally {
      setIsBusy(false);
    }
  };
  return (
    <>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (isRight) void set({ daily_stars: wished });
        }}
      >
        <Rows title={t("limits.daily")}>
          <Row
            label={t("limits.now")}
            value={
              limits.daily_stars === null ? t("limits.no") : <Stars amount={limits.daily_stars} />
            }
          />
          <Row
            label={t("limits.spent")}
            hint={t("limits.until", { moment: formatMoment(limits.day_ends_ms, i18n.language) })}
            value={<Stars amount={limits.spent_stars} />}
          />
          {pending !== null && (
            <Row
              label={t("limits.next")}
              hint={t("limits.from", { moment: formatMoment(pending.from_ms, i18n.language) })}
              value={
                pending.daily_stars === null ? (
                  t("limits.no")
                ) : (
                  <Stars amount={pending.daily_stars} />
                )
              }
            />
          )}
        </Rows>
        <AmountField
          label={t("limits.field")}
          text={text}
          presets={PRESETS}
          hint={t(isRight ? "limits.hint" : "limits.wrong")}
          isWrong={!isRight}
          onChange={setText}
        />
        {refusal !== null && (
          <p role="alert" className={styles.alert}>
            {refusal}
          </p>
        )}
        {/* One thing with what stands under it. */}
        <div>
          <Button
            kind="quiet"
            type="submit"
            isBusy={isBusy}
            whyNot={!isRight ? t("limits.wrong") : wished === already ? t("limits.same") : null}
          >
            {t("limits.save")}
          </Button>
        </div>
      </form>
      <Exclusion
        limits={limits}
        isBusy={isBusy}
        onSet={(excluded_until_ms) => set({ excluded_until_ms })}
      />
    </>
  );
}
