// Alarms: what they say, and the dialog in which a person acknowledges one and names its cause.
import { get, now, post } from "./api.js";
import { waveformChart } from "./charts.js";
import { fill, h, names } from "./dom.js";
import { age, duration, moment, number } from "./words.js";

const SOURCES = { iso: "ISO limit", normal: "Learned normal", verdict: "Network", sensor: "Sensor", silent: "No data", store: "Store" };

function state(alarm) {
  if (alarm.cleared_s) return `over after ${duration(alarm.cleared_s - alarm.raised_s)}`;
  return `standing for ${duration(now() - alarm.raised_s)}`;
}

function value(alarm) {
  if (!Number.isFinite(alarm.value)) return null;
  return h("span", { class: "quiet" }, Number.isFinite(alarm.limit)
    ? `measured ${number(alarm.value)}, limit ${number(alarm.limit)}` : `measured ${number(alarm.value)}`);
}

function row(alarm, labels, withMachine, changed) {
  const acknowledge = () => showDialog(alarm, labels, changed);
  return h("li", { class: names("alarm", "card", `level-${alarm.level}`, alarm.cleared_s && "over",
    alarm.acknowledged_s && "seen") },
    h("div", { class: "alarm-what" },
      h("div", { class: "alarm-title" }, h("span", { class: `chip level-${alarm.level}` },
        alarm.level === "alarm" ? "▲ alarm" : "△ warning"),
        withMachine && alarm.machine
          ? h("a", { href: `#/machine/${encodeURIComponent(alarm.machine)}`, "data-key": `alarm-machine-${alarm.id}` },
            alarm.machine) : null,
        withMachine && !alarm.machine ? h("strong", {}, "Gateway") : null,
        h("strong", {}, SOURCES[alarm.name] ?? alarm.name)),
      h("p", {}, alarm.text), value(alarm),
      h("p", { class: "quiet" }, h("time", { datetime: new Date(alarm.raised_s * 1000).toISOString() },
        moment(alarm.raised_s)), ` · ${age(alarm.raised_s, now())} · ${state(alarm)}`),
      alarm.acknowledged_s ? h("p", { class: "seen-by" }, `✓ ${alarm.acknowledged_by}`
        + (alarm.comment ? `: ${alarm.comment}` : ""),
      alarm.label ? h("span", { class: "chip label" }, alarm.label) : null) : null),
    h("div", { class: "alarm-actions" },
      h("button", { type: "button", class: alarm.acknowledged_s ? "" : "primary", onclick: acknowledge,
        "data-key": `acknowledge-${alarm.id}` }, alarm.acknowledged_s ? "Change" : "Acknowledge"),
      alarm.waveform ? h("a", { class: "button", href: `/api/waveform/${alarm.id}`, download: "",
        "data-key": `waveform-${alarm.id}` }, "Waveform") : null));
}

/** A list of alarms as elements. */
export function alarmList(alarms, labels, withMachine, changed, empty) {
  if (!alarms.length) return h("p", { class: "empty" }, empty);
  return h("ul", { class: "alarms" }, alarms.map((alarm) => row(alarm, labels[alarm.machine] ?? [], withMachine, changed)));
}

function showDialog(alarm, labels, changed) {
  const dialog = document.getElementById("dialog");
  const problem = h("p", { class: "problem", role: "alert" });
  const comment = h("textarea", { id: "comment", rows: "3", maxlength: "2000", value: alarm.comment ?? "" });
  const label = h("input", { id: "label", list: "labels", maxlength: "64", autocomplete: "off",
    value: alarm.label ?? "" });
  const send = h("button", { type: "submit", class: "primary" }, "Acknowledge");
  const look = h("div", { class: "look" });
  if (alarm.waveform) showWaveform(alarm.id, look);
  const form = h("form", { method: "dialog", async onsubmit(event) {
    event.preventDefault();
    send.disabled = true;
    problem.textContent = "";
    const values = { alarm: alarm.id, comment: tidy(comment.value) };
    if (tidy(label.value)) values.label = tidy(label.value);
    try {
      await post("/api/acknowledge", values);
      dialog.close();
      changed();
    } catch (error) {
      problem.textContent = error.message;
    } finally {
      send.disabled = false;
    }
  } },
  h("h2", { id: "dialog-title" }, "Acknowledge"),
  h("p", {}, `${alarm.machine || "Gateway"}: ${alarm.text}`),
  h("div", { class: "field" }, h("label", { for: "comment" }, "Comment"), comment),
  alarm.machine ? h("div", { class: "field" }, h("label", { for: "label" }, "What was it? (label for the next training)"),
    label, h("datalist", { id: "labels" }, labels.map((text) => h("option", { value: text }))),
    labels.length ? h("div", { class: "chips" }, labels.map((text) => h("button", { type: "button", class: "chip",
      onclick: () => { label.value = text; label.focus(); } }, text))) : null,
    h("p", { class: "quiet" }, alarm.waveform
      ? "With a label, the waveform kept at this alarm goes into the export."
      : "No waveform was kept at this alarm: it will not be in the export.")) : null,
  alarm.waveform ? look : null, problem,
  h("div", { class: "buttons" }, h("button", { type: "button", onclick: () => dialog.close() }, "Cancel"), send));
  fill(dialog, form);
  dialog.showModal();
  comment.focus();
}

async function showWaveform(number, place) {
  try {
    const [answer] = await get(`/api/waveform/${number}/picture`);
    fill(place, waveformChart(answer, 150));
  } catch { /* the label can be given without it */ }
}

function tidy(text) {
  return text.replace(/\s+/g, " ").trim();
}

/** The view of all alarms. */
export function alarmsView(place) {
  let openOnly = true;
  let drawn = null;
  const choose = (open) => () => { openOnly = open; drawn = null; view.update(); };
  const tabs = h("div", { class: "tabs", role: "group", "aria-label": "Which alarms" });
  const list = h("div");
  fill(place, h("div", { class: "toolbar" }, h("h1", {}, "Alarms"), tabs,
    h("a", { class: "button", href: "/api/export", download: "" }, "Export labelled waveforms")), list);

  const view = {
    title: "Alarms",
    async update() {
      const asked = openOnly;
      const [answer, isNew] = await get(`/api/alarms?${asked ? "open=1&" : ""}limit=200`);
      if (asked !== openOnly) return;
      fill(tabs, [[true, "Open"], [false, "All"]].map(([open, text]) => h("button", { type: "button",
        "aria-pressed": String(open === openOnly), onclick: choose(open), "data-key": `tab-${text}` }, text)));
      if (!isNew && drawn && now() - drawn < 20) return;
      drawn = now();
      fill(list, alarmList(answer.alarms, answer.labels, true, () => { drawn = null; view.update(); },
        openOnly ? "No open alarms. All machines are quiet." : "No alarms yet."));
    },
  };
  return view;
}
