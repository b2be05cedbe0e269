// One chart: lines or ranges over time or frequency, with zones, limits and marks; drawn anew when its room changes.
import { fill, h, s } from "./dom.js";
import { day, number, quantity } from "./words.js";

const EDGE = { left: 46, right: 14, bottom: 24 };
const TIME_STEPS = [20, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];
const X_UNITS = { hz: "Hz", s: "s" };
let numbered = 0;

/** Round numbers that divide a range into about `wanted` parts. */
export function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  if (!(rough > 0)) return [low];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((f) => f * power >= rough * 0.999) ?? 10);
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i += 1) found.push(i * step);
  return found;
}

function timeTicks(low, high, wanted) {
  const step = TIME_STEPS.find((length) => (high - low) / length <= wanted) ?? TIME_STEPS.at(-1);
  const zone = -new Date(low * 1000).getTimezoneOffset() * 60;
  const found = [];
  for (let t = Math.ceil((low + zone) / step) * step - zone; t <= high; t += step) found.push(t);
  return found;
}

function timeText(t, span) {
  const date = new Date(t * 1000);
  if (span > 2.5 * 86400) return day(date);
  const seconds = span < 300 ? { second: "2-digit" } : {};
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", ...seconds, hour12: false });
  return clock === "00:00" ? day(date) : clock;
}

/**
 * A figure with a chart.
 *
 * title, unit; x: {from, to, kind: "time" | "hz" | "s"}; points: [[x, y]] or [[x, low, mean, high]];
 * y: {low, high, log}; bands: [{from, to, name, zone}]; limits: [{y, name}]; marks: [{x, name, group}];
 * height [px]; note: said below.
 */
export function chart(options) {
  const clip = `clip-${(numbered += 1)}`;
  const svg = s("svg", { class: "plot", tabindex: "0", role: "img", "aria-label": summary(options) });
  const readout = h("output", { class: "readout" });
  const figure = h("figure", { class: "chart" },
    h("figcaption", {}, h("span", { class: "chart-title" }, options.title),
      options.unit ? h("span", { class: "unit" }, options.unit) : null, readout),
    svg, options.note ? h("p", { class: "note" }, options.note) : null);
  let state = null;
  let cursor = null;

  function draw() {
    const width = Math.round(figure.clientWidth);
    if (width < 60) return;
    state = layout(options, width);
    svg.setAttribute("viewBox", `0 0 ${width} ${state.height}`);
    svg.setAttribute("height", state.height);
    fill(svg, s("clipPath", { id: clip }, s("rect", { x: EDGE.left, y: 0, width: state.width, height: state.height })),
      ...drawBands(state), ...drawAxes(state), ...drawMarks(state),
      s("g", { "clip-path": `url(#${clip})` }, ...drawPoints(state)), ...drawLimits(state),
      options.points.length ? null : s("text", { class: "nothing", x: EDGE.left + state.width / 2,
        y: (state.top + state.bottom) / 2, "text-anchor": "middle" }, "No data in this range"),
      s("g", { class: "cursor" }));
    if (cursor !== null) point(cursor);
  }

  function point(index) {
    const points = options.points;
    cursor = index;
    const place = svg.querySelector(".cursor");
    if (index === null || !points.length || !state) {
      place?.replaceChildren();
      readout.textContent = "";
      return;
    }
    cursor = Math.max(0, Math.min(points.length - 1, index));
    const [x, y] = [points[cursor][0], middle(points[cursor])];
    fill(place, s("line", { x1: state.x(x), x2: state.x(x), y1: state.top, y2: state.bottom }),
      s("circle", { cx: state.x(x), cy: state.y(y), r: 4 }));
    const at = options.x.kind === "time"
      ? new Date(x * 1000).toLocaleString([], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
        second: "2-digit", hour12: false })
      : quantity(x, X_UNITS[options.x.kind], 4);
    const range = points[cursor].length === 4 && points[cursor][1] !== points[cursor][3]
      ? ` (${number(points[cursor][1])} to ${number(points[cursor][3])})` : "";
    readout.textContent = `${quantity(y, options.unit)}${range} · ${at}`;
  }

  svg.addEventListener("pointermove", (event) => {
    if (!state || !options.points.length) return;
    const box = svg.getBoundingClientRect();
    point(nearest(options.points, state.back(event.clientX - box.left)));
  });
  svg.addEventListener("pointerleave", () => point(null));
  svg.addEventListener("blur", () => point(null));
  svg.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -20, PageDown: 20, Home: -Infinity, End: Infinity };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const last = options.points.length - 1;
    const step = steps[event.key];
    point(Number.isFinite(step) ? (cursor ?? (step > 0 ? -1 : last + 1)) + step : step > 0 ? last : 0);
  });
  new ResizeObserver(draw).observe(figure);
  return figure;
}

function middle(p) {
  return p.length === 4 ? p[2] : p[1];
}

function nearest(points, x) {
  let [low, high] = [0, points.length - 1];
  while (high - low > 1) {
    const half = (low + high) >> 1;
    if (points[half][0] < x) low = half; else high = half;
  }
  return Math.abs(points[low][0] - x) <= Math.abs(points[high][0] - x) ? low : high;
}

function summary({ title, unit, points, bands }) {
  if (!points.length) return `${title}: no data`;
  const values = points.map(middle);
  const last = values.at(-1);
  const zone = (bands ?? []).find((band) => last >= band.from && last < band.to);
  return `${title}: from ${quantity(Math.min(...values), unit)} to ${quantity(Math.max(...values), unit)}, `
    + `last ${quantity(last, unit)}${zone ? `, zone ${zone.name}` : ""}`;
}

/** Room, ranges and the two scales. */
function layout(options, width) {
  const rows = markRows(options, width);
  const top = 8 + 13 * rows.length;
  const height = (options.height ?? 190) + 13 * rows.length;
  const bottom = height - EDGE.bottom;
  const inner = width - EDGE.left - EDGE.right;
  let [low, high] = yRange(options);
  const log = Boolean(options.y?.log) && high > 0;
  if (log) {
    const positive = options.points.map((p) => p[1]).filter((v) => v > 0);
    low = positive.length ? Math.max(Math.min(...positive), high * 1e-5) : high / 10;
    [low, high] = [Math.log10(low), Math.log10(high)];
  }
  const { from, to } = options.x;
  const span = to - from || 1;
  const x = (value) => EDGE.left + ((value - from) / span) * inner;
  const y = (value) => {
    const v = log ? Math.log10(Math.max(value, 1e-30)) : value;
    return bottom - ((Math.max(low, Math.min(high, v)) - low) / (high - low)) * (bottom - top);
  };
  const back = (px) => from + ((px - EDGE.left) / inner) * span;
  return { options, rows, top, bottom, height, width: inner, low, high, log, x, y, back };
}

function yRange({ points, y, bands, limits }) {
  const all = points.flatMap((p) => p.slice(1));
  let low = y?.low ?? (all.length ? Math.min(...all) : 0);
  let high = y?.high ?? (all.length ? Math.max(...all) : 1);
  for (const limit of limits ?? []) [low, high] = [Math.min(low, limit.y), Math.max(high, limit.y)];
  const inside = (bands ?? []).find((band) => high >= band.from && high < band.to);
  if (inside && Number.isFinite(inside.to)) high = inside.to * 1.08; // up to the next zone's beginning
  if (high - low < 1e-9 * Math.max(1, Math.abs(high))) [low, high] = [y?.low ?? low - 0.5, high + 0.5];
  const room = (high - low) * 0.06;
  return [y?.low ?? low - room, y?.high ?? high + room];
}

function drawBands({ options, low, high, y, width }) {
  return (options.bands ?? []).filter((band) => band.from < high && band.to > low).flatMap((band) => {
    const [top, bottom] = [y(Math.min(band.to, high)), y(Math.max(band.from, low))];
    return [
      s("rect", { class: `band zone-${band.zone}`, x: EDGE.left, y: top, width, height: Math.max(0, bottom - top) }),
      bottom - top > 13
        ? s("text", { class: "band-name", x: EDGE.left + width - 5, y: top + 12, "text-anchor": "end" }, band.name)
        : null,
    ];
  }).filter(Boolean);
}

function drawAxes(state) {
  const { options, low, high, x, y, top, bottom, width, log } = state;
  const { from, to, kind } = options.x;
  const shapes = [];
  const values = log ? ticks(Math.ceil(low), Math.floor(high), 4).filter(Number.isInteger).map((p) => 10 ** p)
    : ticks(low, high, (bottom - top) / 34);
  for (const value of values) {
    shapes.push(s("line", { class: "grid", x1: EDGE.left, x2: EDGE.left + width, y1: y(value), y2: y(value) }),
      s("text", { class: "tick", x: EDGE.left - 6, y: y(value) + 4, "text-anchor": "end" }, tickText(value, values)));
  }
  const along = kind === "time" ? timeTicks(from, to, width / 78) : ticks(from, to, width / 78);
  for (const value of along) {
    const text = kind === "time" ? timeText(value, to - from) : tickText(value, along);
    shapes.push(s("line", { class: "grid", x1: x(value), x2: x(value), y1: top, y2: bottom }));
    if (x(value) < EDGE.left + width - 30 || kind === "time") {
      shapes.push(s("text", { class: "tick", x: x(value), y: bottom + 16, "text-anchor": "middle" }, text));
    }
  }
  if (kind in X_UNITS) {
    shapes.push(s("text", { class: "tick", x: EDGE.left + width, y: bottom + 16, "text-anchor": "end" }, X_UNITS[kind]));
  }
  shapes.push(s("line", { class: "axis", x1: EDGE.left, x2: EDGE.left + width, y1: bottom, y2: bottom }));
  return shapes;
}

function tickText(value, all) {
  if (Math.abs(value) >= 10000) return `${number(value / 1000)}k`;
  const step = all.length > 1 ? Math.abs(all[1] - all[0]) : Math.abs(value);
  if (step > 0 && (step < 1e-3 || Math.abs(value) < 1e-9)) return value === 0 || Math.abs(value) < 1e-9 ? "0" : value.toExponential(0);
  return value.toFixed(Math.max(0, Math.min(4, -Math.floor(Math.log10(step || 1) + 1e-9))));
}

/** Where time stands still between two points much longer than usual, the line is broken. */
function stretches(points, isTime) {
  if (points.length < 3 || !isTime) return points.length ? [points] : [];
  const steps = points.slice(1).map((p, i) => p[0] - points[i][0]).sort((a, b) => a - b);
  const longest = 4 * steps[steps.length >> 1] + 1;
  const found = [[points[0]]];
  for (let i = 1; i < points.length; i += 1) {
    if (points[i][0] - points[i - 1][0] > longest) found.push([]);
    found.at(-1).push(points[i]);
  }
  return found;
}

function drawPoints({ options, x, y }) {
  const shapes = [];
  for (const part of stretches(options.points, options.x.kind === "time")) {
    if (part[0].length === 4) {
      const upper = part.map((p) => `${x(p[0]).toFixed(1)},${y(p[3]).toFixed(1)}`);
      const lower = part.map((p) => `${x(p[0]).toFixed(1)},${y(p[1]).toFixed(1)}`).reverse();
      shapes.push(s("polygon", { class: "range", points: [...upper, ...lower].join(" ") }));
    }
    if (part.length === 1) {
      shapes.push(s("circle", { class: "dot", cx: x(part[0][0]), cy: y(middle(part[0])), r: 2.5 }));
    } else {
      const line = part.map((p) => `${x(p[0]).toFixed(1)},${y(middle(p)).toFixed(1)}`).join(" ");
      shapes.push(s("polyline", { class: "line", points: line }));
    }
  }
  return shapes;
}

function drawLimits({ options, low, high, y, width }) {
  return (options.limits ?? []).filter((limit) => limit.y >= low && limit.y <= high).flatMap((limit) => [
    s("line", { class: "limit", x1: EDGE.left, x2: EDGE.left + width, y1: y(limit.y), y2: y(limit.y) }),
    s("text", { class: "limit-name", x: EDGE.left + 5, y: y(limit.y) - 4 }, limit.name),
  ]);
}

/** Names of marks in as many rows as they need not to cover each other. */
function markRows({ marks, x }, width) {
  const ends = [];
  const inner = width - EDGE.left - EDGE.right;
  for (const mark of [...(marks ?? [])].sort((a, b) => a.x - b.x)) {
    if (mark.x < x.from || mark.x > x.to) continue;
    const half = mark.name.length * 3.4 + 3;
    const at = EDGE.left + ((mark.x - x.from) / (x.to - x.from || 1)) * inner;
    const middleX = Math.max(half, Math.min(width - half, at));
    let row = ends.findIndex((row) => row.end <= middleX - half);
    if (row < 0) row = ends.push({ marks: [] }) - 1;
    ends[row].end = middleX + half;
    ends[row].marks.push({ ...mark, at, middleX });
  }
  return ends;
}

function drawMarks({ rows, bottom, top }) {
  return rows.flatMap((row, i) => row.marks.flatMap((mark) => {
    const base = 11 + 13 * (rows.length - 1 - i);
    return [
      s("line", { class: `mark mark-${mark.group}`, x1: mark.at, x2: mark.at, y1: Math.min(base + 3, top), y2: bottom }),
      s("text", { class: `mark-name mark-${mark.group}`, x: mark.middleX, y: base, "text-anchor": "middle" }, mark.name),
    ];
  }));
}

/** A line without axes: the last hour at a glance. */
export function sparkline(points, label) {
  const svg = s("svg", { class: "spark", viewBox: "0 0 100 24", preserveAspectRatio: "none", role: "img",
    "aria-label": label });
  if (points.length > 1) {
    const values = points.map(middle);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const [from, to] = [points[0][0], points.at(-1)[0]];
    const span = Math.max(high - low, 0.05 * Math.abs(high), 1e-9);
    const line = points.map((p) => `${(((p[0] - from) / (to - from || 1)) * 100).toFixed(1)},`
      + `${(22 - ((middle(p) - low) / span) * 20).toFixed(1)}`).join(" ");
    svg.append(s("polyline", { class: "line", points: line, "vector-effect": "non-scaling-stroke" }));
  }
  return svg;
}
