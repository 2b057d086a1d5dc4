/** Native dialogs as questions: the answer is the value of the pressed button, Esc is the safe answer, focus returns. */

/**
 * @param {HTMLDialogElement} dialog its buttons carry `value`; "" is the safe answer
 * @returns {Promise<string>}
 */
export function ask(dialog) {
  const before = document.activeElement;
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        if (before instanceof HTMLElement) before.focus();
        resolve(dialog.returnValue);
      },
      { once: true },
    );
  });
}
