/** Single letters as keys: whether they are wanted, and the box that switches them off. Kept in the browser. */

const LETTERS = "housecall.letters";

export function lettersOn() {
  try {
    return localStorage.getItem(LETTERS) !== "off";
  } catch {
    return true;
  }
}

/** @param {ParentNode} [root] */
export function offerLetters(root = document) {
  const box = root.querySelector("[data-letters]");
  if (!(box instanceof HTMLInputElement)) return;
  box.checked = lettersOn();
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(LETTERS, box.checked ? "on" : "off");
    } catch {
      // A browser that keeps nothing keeps the letters on.
    }
  });
}

/**
 * Whether a key is for the page: nobody is typing, no dialog is open, no other key is held, and letters are wanted.
 * @param {KeyboardEvent} event
 */
export function isForPage(event) {
  const field = event.target instanceof Element && event.target.closest("input, textarea, select, [contenteditable]");
  // A field of a dialog that was shut this moment has the focus until the page is drawn, if who had it before is gone.
  const typing = field && field.checkVisibility();
  if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return false;
  return event.key.length > 1 || lettersOn();
}

/** @param {string} id */
export function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog instanceof HTMLDialogElement) dialog.showModal();
  return true;
}
