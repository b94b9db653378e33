/** The answer of the button to a tap: painted past React, since it is thrown away at once. */

const MOST_AT_ONCE = 12;
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

export function splash(button: HTMLElement, layer: HTMLElement, x: number, y: number): void {
  if (still.matches) return;
  button.animate([{ transform: "translateY(7px) scale(0.97)" }, { transform: "none" }], {
    duration: 110,
    easing: "ease-out",
  });
  if (layer.childElementCount >= MOST_AT_ONCE) layer.firstElementChild?.remove();
  const plus = document.createElement("i");
  plus.textContent = "+1";
  plus.style.left = `${x}px`;
  plus.style.top = `${y}px`;
  plus.onanimationend = () => {
    plus.remove();
  };
  layer.append(plus);
}
