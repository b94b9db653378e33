/** The round button of a room, at work for a bonus run.  Every finger counts for itself; a key once for each press. */
import type { KeyboardEvent, ReactNode } from "react";
import { useTranslation } from "react-i18next";
import { useServices } from "../app/context";
import { RoundButton } from "../ui/RoundButton";
import type { BonusSession } from "./bonus-session";

interface BonusButtonProps {
  readonly session: BonusSession;
  readonly isOver: boolean;
}

export function BonusButton({ session, isOver }: BonusButtonProps): ReactNode {
  const { t } = useTranslation();
  const { telegram } = useServices();
  const tap = (): void => {
    if (session.tap()) telegram.haptic("tap");
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    if (!event.repeat) tap();
  };
  return (
    <RoundButton
      isDisabled={isOver}
      aria-label={t("bonus.tap")}
      data-testid="tap"
      onPointerDown={(event) => {
        if (event.button === 0) tap();
      }}
      onKeyDown={onKeyDown}
      onKeyUp={(event) => {
        event.preventDefault();
      }}
      onClick={(event) => {
        // No pointer and no key came before: a screen reader pressed the button.
        if (event.detail === 0) tap();
      }}
      onContextMenu={(event) => {
        event.preventDefault();
      }}
    >
      <strong>TAP</strong>
    </RoundButton>
  );
}
