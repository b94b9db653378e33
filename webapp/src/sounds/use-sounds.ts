import { useServices } from "../services/context";
import { Sounds } from "./sounds";

let shared: Sounds | null = null;

/** The sounds of this page, silent where the player's preference says so. */
export function useSounds(): Sounds {
  const { preferences } = useServices();
  shared ??= new Sounds(() => preferences.current.get().sound);
  return shared;
}
