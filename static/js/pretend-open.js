/** The button of the demo that lets a pretend patient come: in a window of their own beside this one, where the browser gives one. */

const form = document.querySelector("[data-pretend-form]");
if (form instanceof HTMLFormElement) {
  form.addEventListener("submit", () => {
    const name = `pretend-${Date.now()}`;
    form.target = window.open("about:blank", name, "popup,width=440,height=820") ? name : "_blank";
  });
}
