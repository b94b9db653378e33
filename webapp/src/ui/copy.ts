/**
 * Copies a text by every way there is; false where none is left, as in a frame that may not write to the clipboard.
 *
 * Called in the event of a finger or a key, as browsers want it.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/** The older way: what is selected in a field of the page. */
function copySelected(text: string): boolean {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  // No keyboard is to come up, and nothing is to move.
  field.readOnly = true;
  field.style.cssText = "position:fixed;top:0;opacity:0;font-size:16px";
  // What lies under an open sheet cannot be selected.
  const sheets = document.querySelectorAll("dialog[open]");
  (sheets[sheets.length - 1] ?? document.body).append(field);
  field.select();
  field.setSelectionRange(0, text.length);
  try {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- it works where the clipboard is refused
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    field.remove();
    if (before instanceof HTMLElement) before.focus({ preventScroll: true });
  }
}
