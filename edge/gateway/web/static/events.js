// The event log, newest first, and a comment into it.
import { get, post } from "./api.js";
import { fill, h } from "./dom.js";
import { moment } from "./words.js";

const MARKS = { alarm: "▲", cleared: "○", acknowledged: "✓", comment: "✎", gap: "⋯", sensor: "⚠", start: "▶", stop: "■",
  bundle: "◆", learned: "◆", relearn: "↻", store: "▤" };

/** Rows of the log. */
export function eventList(events, withMachine) {
  if (!events.length) return h("p", { class: "empty" }, "Nothing has happened yet.");
  return h("ol", { class: "events" }, events.map((event) => h("li", { class: `event-${event.kind}` },
    h("span", { class: "event-mark", "aria-hidden": "true" }, MARKS[event.kind] ?? "·"),
    h("time", { datetime: new Date(event.time_s * 1000).toISOString() }, moment(event.time_s)),
    h("span", { class: "event-kind" }, event.kind),
    withMachine && event.machine
      ? h("a", { href: `#/machine/${encodeURIComponent(event.machine)}`, "data-key": `event-${event.id}` }, event.machine)
      : withMachine ? h("span", { class: "quiet" }, "gateway") : null,
    h("span", { class: "event-text" }, event.text))));
}

/** A line to write into the log of a machine, or of the gateway. */
export function commentForm(machine, changed) {
  const text = h("input", { maxlength: "2000", placeholder: "Write into the log", "aria-label": "Comment for the log",
    required: true, "data-key": "comment-text" });
  const problem = h("span", { class: "problem", role: "alert" });
  return h("form", { class: "comment", async onsubmit(event) {
    event.preventDefault();
    problem.textContent = "";
    const words = text.value.replace(/\s+/g, " ").trim();
    if (!words) return;
    try {
      await post("/api/comment", { machine, text: words });
      text.value = "";
      changed();
    } catch (error) {
      problem.textContent = error.message;
    }
  } }, text, h("button", { type: "submit" }, "Add"), problem);
}

/** The view of the whole log. */
export function eventsView(place) {
  let older = [];
  const list = h("div", { class: "card" });
  const more = h("button", { type: "button", onclick: () => loadMore() }, "Older");
  fill(place, h("h1", {}, "Event log"), commentForm("", () => view.update()), list, more);
  let newest = [];

  async function loadMore() {
    const last = older.at(-1) ?? newest.at(-1);
    if (!last) return;
    const [answer] = await get(`/api/events?limit=100&before=${last.id}`);
    older = [...older, ...answer.events];
    more.hidden = answer.events.length < 100;
    draw();
  }

  function draw() {
    const oldest = newest.at(-1)?.id ?? Infinity;
    fill(list, eventList([...newest, ...older.filter((event) => event.id < oldest)], true));
  }

  const view = {
    title: "Event log",
    async update() {
      const [answer, isNew] = await get("/api/events?limit=100");
      if (!isNew && newest.length) return;
      newest = answer.events;
      if (!older.length) more.hidden = newest.length < 100;
      draw();
    },
  };
  return view;
}
