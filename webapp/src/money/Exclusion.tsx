/** A break from games that cannot be taken back soon: said clearly before it begins. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Limits } from "../protocol/generated";
import { useServices } from "../services/context";
import { formatMoment } from "../texts/moments";
import { Button } from "../ui/Button";
import { Row, Rows } from "../ui/Rows";
import { Sheet } from "../ui/Sheet";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TERMS = [1, 7, 30, 180, 365] as const;

/** When the break that was made shorter is over: not before the wish holds. */
function endOf({ excluded_until_ms, from_ms }: NonNullable<Limits["pending_exclusion"]>): number {
  return Math.max(excluded_until_ms ?? 0, from_ms);
}

interface ExclusionProps {
  readonly limits: Limits;
  readonly isBusy: boolean;
  readonly onSet: (untilMs: number | null) => Promise<boolean>;
}

export function Exclusion({ limits, isBusy, onSet }: ExclusionProps): ReactNode {
  const { t, i18n } = useTranslation();
  const { clock } = useServices();
  const [asked, setAsked] = useState<{ readonly days: number; readonly untilMs: number } | null>(
    null,
  );
  const { language } = i18n;
  const { excluded_until_ms: until, pending_exclusion: pending } = limits;
  return (
    <>
      {until !== null && (
        <Rows title={t("limits.exclusion")}>
          <Row label={t("limits.excluded")} value={formatMoment(until, language)} />
          {pending === null ? (
            <Row
              label={t("limits.endEarly")}
              hint={t("limits.endEarlyHint")}
              isBusy={isBusy}
              onClick={() => void onSet(null)}
            />
          ) : (
            <Row label={t("limits.ends")} value={formatMoment(endOf(pending), language)} />
          )}
        </Rows>
      )}
      <Rows title={t(until === null ? "limits.exclusion" : "limits.longer")}>
        {TERMS.filter(
          (days) => until === null || clock.now() + days * DAY_MS > until + HOUR_MS,
        ).map((days) => (
          <Row
            key={days}
            label={t("limits.days", { count: days })}
            isBusy={isBusy}
            onClick={() => {
              setAsked({ days, untilMs: Math.round(clock.now()) + days * DAY_MS });
            }}
          />
        ))}
      </Rows>
      {asked !== null && (
        <Sheet
          title={t("limits.confirmTitle", { days: t("limits.days", { count: asked.days }) })}
          onClose={() => {
            setAsked(null);
          }}
        >
          <p>{t("limits.confirmText", { moment: formatMoment(asked.untilMs, language) })}</p>
          <Button
            kind="plain"
            isBusy={isBusy}
            onClick={() => {
              void onSet(asked.untilMs).then(() => {
                setAsked(null);
              });
            }}
          >
            {t("limits.confirm")}
          </Button>
          <Button
            kind="quiet"
            onClick={() => {
              setAsked(null);
            }}
          >
            {t("join.close")}
          </Button>
        </Sheet>
      )}
    </>
  );
}
