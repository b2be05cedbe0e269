// Asking a machine's station to learn its normal anew: after a repair, or where it was learned ill.
import { post } from "./api.js";
import { fill, h } from "./dom.js";
import { presentRegime } from "./words.js";

/** The question, and what follows from it; calls `changed` once the gateway has taken it. */
export function relearnDialog(machine, changed) {
  const dialog = document.getElementById("dialog");
  const problem = h("p", { class: "problem", role: "alert" });
  const regime = presentRegime(machine.record);
  const which = h("select", { id: "which" }, regime ? h("option", { value: regime }, `the present one, ${regime}`) : null,
    h("option", { value: "" }, "all of them"));
  const send = h("button", { type: "submit", class: "primary" }, "Learn anew");
  fill(dialog, h("form", { method: "dialog", async onsubmit(event) {
    event.preventDefault();
    send.disabled = true;
    problem.textContent = "";
    try {
      await post(`/api/machine/${encodeURIComponent(machine.name)}/relearn`, which.value ? { regime: which.value } : {});
      dialog.close();
      changed();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      send.disabled = false;
    }
  } },
  h("h2", { id: "dialog-title" }, "Learn anew what is normal"),
  h("p", {}, `${machine.name} forgets its normal and learns it again from its next healthy records. Do this when the machine `
    + "is known to be sound: after a repair, or another bearing. What it shows then will be its normal."),
  h("p", { class: "quiet" }, "An alarm of the learned normal that stands is over with it; the others stay."),
  regime ? h("div", { class: "field" }, h("label", { for: "which" }, "Regimes"), which) : null,
  problem,
  h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), send)));
  dialog.showModal();
}
