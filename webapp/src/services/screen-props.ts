/** What every screen of the lobby is given. */
import type { User } from "../protocol/generated";
import type { Place } from "./navigation";

export interface ScreenProps {
  readonly user: User;
  readonly place: Place;
}
