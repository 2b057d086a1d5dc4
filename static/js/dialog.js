/** Native dialogs as questions: the answer is the value of the pressed button, Esc is the safe answer, focus returns. */

/** @type {WeakMap<HTMLDialogElement, () => void>} answers what was asked before, where nobody heard the answer yet */
const unheard = new WeakMap();

/**
 * @param {HTMLDialogElement} dialog its buttons carry `value`; "" is the safe answer
 * @returns {Promise<string>}
 */
export function ask(dialog) {
  // A dialog is shut at once and says so a task later: asked again in between, the old word must not answer the new question.
  unheard.get(dialog)?.();
  const before = document.activeElement;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    const settle = () => {
      dialog.removeEventListener("close", onClose);
      unheard.delete(dialog);
      resolve(dialog.returnValue);
    };
    const onClose = () => {
      if (dialog.open) return;
      if (before instanceof HTMLElement) before.focus();
      settle();
    };
    unheard.set(dialog, settle);
    dialog.addEventListener("close", onClose);
  });
}
