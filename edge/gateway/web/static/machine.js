// One machine: three verdicts side by side, health and what to do, trends, spectra, alarms, log.
import { alarmList } from "./alarms.js";
import { get, now } from "./api.js";
import { envelopeChart, healthRing, spectrumChart, trendChart } from "./charts.js";
import { fill, h, names } from "./dom.js";
import { commentForm, eventList } from "./events.js";
import { alarmBadges, conditionChips, zoneBadge } from "./machines.js";
import { relearnDialog } from "./relearn.js";
import { isoVerdict, networkVerdict, normalVerdict } from "./verdicts.js";
import { age, count, feature, number, perTime, plain, presentRegime, quantity } from "./words.js";

const RANGES = { "1h": "1 hour", "1d": "1 day", "30d": "30 days" };
const MAIN = ["velocity_rms_mm_s", "health_percent", "kurtosis"];
const TREND_EVERY_S = { "1h": 5, "1d": 60, "30d": 300 };

/** The view of one machine. */
export function machineView(place, name) {
  const chosen = { range: "1h", feature: null, log: false };
  const parts = Object.fromEntries(["head", "verdicts", "trends", "spectra", "table", "alarms", "log"]
    .map((part) => [part, h("div", { class: `part-${part}` })]));
  let machine = null;
  let trendsAt = 0;
  let alarmsAt = 0;
  fill(place, h("a", { class: "back", href: "#/machines" }, "‹ Machines"), parts.head, parts.verdicts, parts.trends,
    parts.spectra, parts.alarms, parts.table, parts.log);

  function head() {
    const facts = [machine.source, machine.sample_rate_hz && `${plain(machine.sample_rate_hz)}\u00a0Hz`,
      machine.rpm && `${plain(Math.round(machine.rpm))}\u00a0rpm`, presentRegime(machine.record) && `regime ${machine.record.regime}`,
      machine.bearing, machine.bundle && `bundle ${machine.bundle}`].filter(Boolean);
    fill(parts.head, h("div", { class: "head" }, zoneBadge(machine, true),
      h("div", { class: "head-words" }, h("h1", {}, machine.name), h("p", { class: "quiet" }, facts.join(" · ")),
        h("div", { class: "chips" }, conditionChips(machine), sensor(), alarmBadges(machine.alarms),
          h("span", { class: "quiet" }, machine.time_s ? `last record ${age(machine.time_s, now())}` : "no record yet")))),
      machine.advisory ? h("p", { class: names("advisory", `edge-${machine.zone ?? "none"}`) },
        h("strong", {}, "Advice "), machine.advisory) : null);
  }

  function sensor() {
    const state = machine.record?.state?.sensor;
    return state?.fault ? h("span", { class: "chip condition-late", title: state.text }, `sensor: ${state.fault}`) : null;
  }

  function bearing() {
    const found = machine.record?.state?.bearing;
    if (!found) return null;
    if (!found.strongest) return h("p", { class: "quiet" }, "No bearing line stands out of the envelope.");
    const [lines, of] = found.found[found.strongest];
    return h("p", {}, h("strong", {}, `${found.strongest === "BSF" ? "2×BSF" : found.strongest} stands out`),
      ` by ${number(found.contrast_db)} dB (it counts from ${number(found.least_contrast_db)} dB on): ${lines} of ${of} lines found.`);
  }

  function health() {
    const { health_percent: percent, trend } = machine;
    const slope = trend?.per_day;
    const days = trend?.days_to_limit;
    return h("section", { class: "card verdict health" }, h("h3", {}, "Health"), h("div", { class: "ring-row" },
      healthRing(percent), h("div", {},
        h("p", {}, Number.isFinite(slope) ? perTime(slope, "%") : "No clear trend yet"),
        Number.isFinite(days) || machine.zone === "D" ? h("p", { class: "headline" }, days > 0 && machine.zone !== "D"
          ? `${days < 1 ? "under 1\u00a0day" : count(Math.round(days), "day")} to the limit of zone D` : "Limit of zone D reached")
          : h("p", { class: "quiet" }, percent === null || percent === undefined ? "Not known yet."
            : "Zone D is not in sight."))));
  }

  function table() {
    const record = machine.record;
    const open = parts.table.querySelector("details")?.open ?? false;
    const refused = Object.entries(record?.refused ?? {});
    const rules = machine.alarm_rules;
    const limits = [
      machine.zone_limits_mm_s && ["Zones A/B, B/C, C/D", `${machine.zone_limits_mm_s.join(", ")} mm/s`],
      Number.isFinite(machine.normal_limit) && ["Distance from normal", number(machine.normal_limit)],
      Number.isFinite(machine.min_probability) && ["Network abstains below", number(machine.min_probability)],
      rules && ["An alarm needs", `${rules.confirm} of ${rules.within} records; over after ${rules.clear} good ones, `
        + `${Math.round(100 * rules.hysteresis)} % below the limit`],
      rules && ["Alarms on", rules.on.join(", ") || "nothing"],
    ].filter(Boolean);
    const pairs = (rows) => h("dl", {}, rows.map(([key, text]) => [h("dt", {}, key), h("dd", {}, text)]));
    fill(parts.table, h("details", { class: "card", open }, h("summary", {}, "All features and limits"),
      h("div", { class: "columns" },
        h("div", {}, h("h3", {}, "Last record"), pairs(Object.entries(record?.features ?? {}).map(([key, value]) => {
          const [title, unit] = feature(key);
          return [title, quantity(value, unit)];
        }))),
        h("div", {}, h("h3", {}, "Limits"), pairs(limits)),
        refused.length ? h("div", {}, h("h3", {}, "Not given, and why"), pairs(refused.map(([key, why]) => [feature(key)[0], why]))) : null)));
  }

  async function trends(force) {
    if (!force && now() - trendsAt < TREND_EVERY_S[chosen.range]) return;
    trendsAt = now();
    const others = Object.keys(machine.record?.features ?? {}).filter((key) => !MAIN.includes(key));
    if (machine.record?.state?.normal) others.unshift("normal_distance");
    const features = machine.record?.features ?? {};
    const contrast = others.filter((key) => key.includes("contrast")).sort((a, b) => features[b] - features[a])[0];
    const fourth = others.includes(chosen.feature) ? chosen.feature : contrast ?? others[0];
    const shown = [...MAIN, ...(fourth ? [fourth] : [])];
    const range = chosen.range;
    const charts = await Promise.all(shown.map(async (key) => {
      const query = new URLSearchParams({ machine: name, feature: key, range, points: range === "1h" ? "720" : "300" });
      const [trend] = await get(`/api/trend?${query}`);
      return trendChart(key, trend.points, trend.since_s, trend.until_s, machine, 170);
    }));
    if (range !== chosen.range) return;
    const choose = (key) => () => { chosen.range = key; trends(true); };
    const select = others.length > 1 ? h("label", { class: "select" }, "Fourth chart ", h("select", {
      "data-key": "feature", onchange: (event) => { chosen.feature = event.target.value; trends(true); } },
    others.map((key) => h("option", { value: key, selected: key === fourth }, feature(key)[0])))) : null;
    fill(parts.trends, h("section", { class: "card" }, h("div", { class: "toolbar" }, h("h2", {}, "Trends"),
      h("div", { class: "tabs", role: "group", "aria-label": "Range" }, Object.entries(RANGES).map(([key, text]) =>
        h("button", { type: "button", "aria-pressed": String(key === chosen.range), onclick: choose(key),
          "data-key": `range-${key}` }, text))), select),
    h("div", { class: "charts" }, charts)));
  }

  async function spectra(force) {
    const [picture, isNew] = await get(`/api/picture?machine=${encodeURIComponent(name)}`);
    if (!force && !isNew && parts.spectra.firstChild) return;
    const empty = !picture.spectrum && !picture.envelope;
    const scale = h("button", { type: "button", "aria-pressed": String(chosen.log), "data-key": "log",
      onclick: () => { chosen.log = !chosen.log; spectra(true); } }, "Logarithmic");
    fill(parts.spectra, h("section", { class: "card" }, h("div", { class: "toolbar" }, h("h2", {}, "Spectra of the last record"),
      empty ? null : h("div", { class: "tabs" }, scale)),
    empty ? h("p", { class: "empty" }, "No spectrum yet.")
      : h("div", { class: "charts wide" }, spectrumChart(picture, chosen.log, 220), envelopeChart(picture, chosen.log, 220)),
    bearing()));
  }

  async function alarmsAndLog(force) {
    const key = encodeURIComponent(name);
    const [[alarms, newAlarms], [log, newLog]] = await Promise.all([
      get(`/api/alarms?machine=${key}&limit=20`), get(`/api/events?machine=${key}&limit=15`)]);
    const changed = () => view.update(null, true);
    if (force || newAlarms || now() - alarmsAt > 20) {
      alarmsAt = now();
      fill(parts.alarms, h("h2", {}, "Alarms"), alarmList(alarms.alarms, alarms.labels, false, changed, "No alarms yet."));
    }
    if (!parts.log.firstChild) {
      parts.log.append(h("section", { class: "card" }, h("h2", {}, "Log"), commentForm(name, changed), h("div")));
      fill(parts.log.firstChild.lastChild, eventList(log.events, false));
    } else if (force || newLog) fill(parts.log.firstChild.lastChild, eventList(log.events, false));
  }

  const view = {
    title: name,
    async update(_, force) {
      const [answer, isNew] = await get(`/api/machine/${encodeURIComponent(name)}`);
      const first = machine === null;
      machine = answer;
      head();
      if (isNew || first || force === true) {
        fill(parts.verdicts, h("div", { class: "verdicts" }, isoVerdict(machine, machine.record),
          normalVerdict(machine.record, () => relearnDialog(machine, () => view.update(null, true))), networkVerdict(machine, machine.record), health()));
        table();
      }
      await Promise.all([trends(first), spectra(first), alarmsAndLog(first || force === true)]);
    },
  };
  return view;
}
