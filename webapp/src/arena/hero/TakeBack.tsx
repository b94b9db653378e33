/** Asks before the organizer's leaving ends the room for everybody. */
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Room } from "../../protocol/generated";
import { useServices } from "../../services/context";
import { Button } from "../../ui/Button";
import { Sheet } from "../../ui/Sheet";

export function TakeBack({ room, onClose }: { room: Room; onClose: () => void }): ReactNode {
  const { t } = useTranslation();
  const { leaveRoom } = useServices();
  const [isLeaving, setIsLeaving] = useState(false);
  const leave = (): void => {
    setIsLeaving(true);
    void leaveRoom().finally(() => {
      setIsLeaving(false);
    });
  };
  return (
    <Sheet title={t("hero.takeBackTitle")} onClose={onClose}>
      <p>
        {room.players.length > 0
          ? t("hero.takeBackText", { count: room.players.length })
          : t("hero.takeBackEmpty")}
      </p>
      <Button kind="plain" onClick={onClose}>
        {t("hero.stay")}
      </Button>
      <Button kind="danger" onClick={leave} isBusy={isLeaving}>
        {t(isLeaving ? "hero.takingBack" : "hero.takeBackYes")}
      </Button>
    </Sheet>
  );
}
