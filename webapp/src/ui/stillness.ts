/** Matches where the player asked the device for less motion. */
export const stillness = window.matchMedia("(prefers-reduced-motion: reduce)");
