// All machines at a glance, the worst first.
import { get, now } from "./api.js";
import { sparkline } from "./chart.js";
import { fill, h, names } from "./dom.js";
import { age, count, number, ZONES } from "./words.js";

const SPARK_EVERY_S = 60;
const sparks = new Map(); // machine -> {at, points}
let filter = "";

/** The badge of a zone; what is no zone has a word of its own. */
export function zoneBadge(machine, large) {
  const zone = machine.zone;
  const text = zone ?? { "no data": "–", learning: "…" }[machine.condition] ?? "?";
  const title = zone ? `ISO zone ${zone}: ${ZONES[zone]}` : "No ISO zone";
  return h("span", { class: names("badge", zone ? `zone-${zone}` : "zone-none", large && "large"), title },
    h("span", { "aria-hidden": "true" }, text), h("span", { class: "hidden" }, title));
}

/** Words for open alarms. */
export function alarmBadges(alarms) {
  const order = { alarm: 0, warning: 1 };
  return [...alarms].sort((a, b) => order[a.level] - order[b.level]).map((alarm) => h("span", {
    class: names("chip", `level-${alarm.level}`, alarm.acknowledged_s && "seen", alarm.cleared_s && "over"),
    title: alarm.text,
  }, alarm.level === "alarm" ? "▲ " : "△ ", alarm.name, alarm.cleared_s ? " (over)" : "",
  alarm.acknowledged_s ? " ✓" : ""));
}

/** What goes on with a machine, in a word or two. */
export function conditionChips({ condition, learning, running }) {
  const said = ["no data", "late"].includes(condition) ? [[condition, condition]] : [];
  if (running === false) said.push(["still", "stands still"]);
  if (Number.isFinite(learning) && learning < 1) said.push(["learning", `learning ${Math.round(100 * learning)} %`]);
  return said.map(([name, text]) => h("span", { class: `chip condition-${name.replace(" ", "-")}` }, text));
}

function rank(machine) {
  const standing = machine.alarms.filter((a) => !a.cleared_s);
  if (standing.some((a) => a.level === "alarm" && !a.acknowledged_s)) return 0;
  if (machine.zone === "D") return 1;
  if (standing.length) return 2;
  return { C: 3, B: 6, A: 7 }[machine.zone] ?? (machine.condition === "no data" ? 5 : 4);
}

function tile(machine) {
  const spark = sparks.get(machine.name);
  const days = machine.trend?.days_to_limit;
  const health = machine.health_percent;
  const meter = Number.isFinite(health)
    ? h("span", { class: "mini", role: "meter", "aria-label": "Health", "aria-valuemin": "0", "aria-valuemax": "100",
      "aria-valuenow": number(health) }, h("i", { class: health >= 50 ? "good" : health >= 25 ? "fair" : "poor" })) : null;
  if (meter) meter.firstChild.style.width = `${Math.max(0, Math.min(100, health))}%`;
  return h("a", { class: names("tile", "card", `edge-${machine.zone ?? "none"}`), "data-key": `machine-${machine.name}`,
    href: `#/machine/${encodeURIComponent(machine.name)}` },
    h("div", { class: "tile-head" }, zoneBadge(machine),
      h("div", { class: "tile-name" }, h("h2", {}, machine.name),
        h("span", { class: "quiet" }, machine.time_s ? age(machine.time_s, now()) : "no record yet")),
      h("div", { class: "tile-value" }, h("strong", {}, number(machine.velocity_rms_mm_s)), h("span", {}, "mm/s"))),
    spark?.points.length > 1 ? sparkline(spark.points, "Velocity in the last hour") : null,
    h("div", { class: "tile-row" }, h("span", { class: "quiet" }, "Health"), meter ?? h("span", { class: "grow" }),
      h("span", {}, Number.isFinite(health) ? `${Math.round(health)} %` : "–")),
    h("div", { class: "chips" }, conditionChips(machine), alarmBadges(machine.alarms),
      days > 0 && machine.zone !== "D" ? h("span", { class: "chip" }, `zone D in ${days < 1 ? "under 1\u00a0day" : count(Math.round(days), "day")}`) : null),
    machine.advisory ? h("p", { class: "advice" }, machine.advisory) : null);
}

function totals(machines) {
  const zones = ["D", "C", "B", "A"].map((zone) => [zone, machines.filter((m) => m.zone === zone).length]);
  const others = [["late", (m) => m.condition === "late"], ["learning", (m) => m.learning < 1 && m.learning !== null],
    ["without data", (m) => m.condition === "no data"]]
    .map(([word, is]) => [word, machines.filter(is).length]).filter(([, n]) => n);
  return h("div", { class: "totals", role: "list", "aria-label": "Machines by zone" },
    zones.map(([zone, n]) => h("span", { role: "listitem", class: names("total", !n && "none") },
      h("span", { class: `badge small zone-${zone}` }, zone), ` ${n}`)),
    others.map(([word, n]) => h("span", { role: "listitem", class: "total" }, `${n} ${word}`)));
}

async function refreshSparks(machines, draw) {
  for (const { name, time_s } of machines) {
    const old = sparks.get(name);
    if (!time_s || (old && now() - old.at < SPARK_EVERY_S)) continue;
    const query = new URLSearchParams({ machine: name, feature: "velocity_rms_mm_s", range: "1h", points: "60" });
    const [trend] = await get(`/api/trend?${query}`);
    sparks.set(name, { at: now(), points: trend.points });
  }
  draw();
}

/** The view: `update` is called every few seconds. */
export function machinesView(place) {
  let machines = null;
  let busy = false;
  const search = h("input", { type: "search", placeholder: "Find a machine", "aria-label": "Find a machine",
    value: filter, oninput: () => { filter = search.value; draw(); } });
  const summary = h("div", { class: "toolbar" });
  const grid = h("div", { class: "grid" });
  fill(place, h("h1", { class: "hidden" }, "Machines"), summary, grid);

  function draw() {
    if (!machines) return;
    const shown = machines.filter((m) => m.name.toLowerCase().includes(filter.trim().toLowerCase()))
      .sort((a, b) => rank(a) - rank(b) || (b.zone ?? "").localeCompare(a.zone ?? "") || a.name.localeCompare(b.name, undefined, { numeric: true }));
    if (!summary.contains(search)) summary.append(h("div"), search);
    summary.firstChild.replaceWith(totals(machines));
    search.hidden = machines.length < 9;
    fill(grid, shown.length ? shown.map(tile) : h("p", { class: "empty" },
      machines.length ? "No machine of that name." : "No machines are configured."));
  }

  return {
    title: "Machines",
    async update(overview) {
      machines = overview.machines;
      draw();
      if (busy) return;
      busy = true;
      try {
        await refreshSparks(machines, draw);
      } finally {
        busy = false;
      }
    },
  };
}
