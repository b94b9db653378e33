import { useServices } from "../../services/context";
import { useStore } from "../../state/use-store";

/** What every hero room gives, where the server has not yet said it. */
const USUAL_BPS = 1000;

/** The organizer's part of the pool, in per cent. */
export function useOrganizerPart(): number {
  return (useStore(useServices().offers)?.hero.organizer_bps ?? USUAL_BPS) / 100;
}
