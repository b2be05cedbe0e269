// The charts of this page, each made of what the API answers.
import { chart } from "./chart.js";
import { h, s } from "./dom.js";
import { feature, number, quantity } from "./words.js";

const LEAST_SPAN_S = 120;

/** A feature over time; velocity with the zones of its machine. */
export function trendChart(name, points, from, to, machine, height) {
  const [title, unit] = feature(name);
  // Of a machine that is new here, only the time since: not a line at the edge of an empty hour.
  const begin = points.length ? Math.max(from, Math.min(points[0][0] - 0.05 * (to - points[0][0]), to - LEAST_SPAN_S)) : from;
  const options = { title, unit, points, x: { from: begin, to, kind: "time" }, height, y: {}, limits: [], bands: [] };
  const limits = machine.zone_limits_mm_s;
  if (name === "velocity_rms_mm_s") {
    options.y.low = 0;
    if (limits) {
      const edges = [0, ...limits, Infinity];
      options.bands = ["A", "B", "C", "D"].map((zone, i) => ({ zone, name: zone, from: edges[i], to: edges[i + 1] }));
    }
  }
  if (name === "health_percent") options.y = { low: 0, high: 100 };
  if (name === "normal_distance" && Number.isFinite(machine.normal_limit)) {
    options.limits = [{ y: machine.normal_limit, name: "limit" }];
    options.y.low = 0;
  }
  return chart(options);
}

/** The samples kept at an alarm, as least, mean and largest of stretches. */
export function waveformChart({ points, unit }, height) {
  const to = points.length ? points.at(-1)[0] : 1;
  return chart({ title: "Waveform", unit: unit === "m/s^2" ? "m/s²" : unit ?? "", points, x: { from: 0, to, kind: "s" }, height });
}

/** The amplitude spectrum of the latest record. */
export function spectrumChart(picture, log, height) {
  const { hz, values, unit } = spectrum(picture?.spectrum);
  const title = { "mm/s": "Velocity spectrum", g: "Acceleration spectrum", "m/s²": "Acceleration spectrum" }[unit] ?? "Spectrum";
  return chart({ title, unit, points: hz.map((f, i) => [f, values[i]]), x: { from: 0, to: hz.at(-1) ?? 1, kind: "hz" },
    y: log ? { log: true } : { low: 0 }, height, marks: shaft(picture) });
}

/** The envelope spectrum with the lines that a damaged bearing would show. */
export function envelopeChart(picture, log, height) {
  const { hz, values, unit } = spectrum(picture?.envelope);
  const marks = Object.entries(picture?.lines ?? {}).flatMap(([defect, lines]) => {
    const name = defect.replace(/^2x/, ""); // a rolling element strikes twice a turn: twice, four times, six times BSF
    const step = name === defect ? 1 : 2;
    return [lines].flat().map((f, i) => ({ x: f, name: step * (i + 1) > 1 ? `${step * (i + 1)}×${name}` : name,
      group: name.replace(/[^A-Za-z]/g, "").toLowerCase() }));
  });
  const known = marks.some((mark) => mark.group !== "shaft");
  const band = picture?.envelope?.band_hz?.map((f) => Math.round(f)).join(" to ");
  const note = [band && `Envelope of ${band} Hz.`,
    known ? null : "No bearing lines: they need the bearing's geometry and the shaft's speed."].filter(Boolean).join(" ");
  return chart({ title: "Envelope spectrum", unit, points: hz.map((f, i) => [f, values[i]]),
    x: { from: 0, to: hz.at(-1) ?? 1, kind: "hz" }, y: log ? { log: true } : { low: 0 }, height, marks, note });
}

function spectrum(values) {
  const key = Object.keys(values ?? {}).find((name) => !name.endsWith("hz") && Array.isArray(values[name]));
  const units = { mm_s: "mm/s", "m/s^2": "m/s²", unit: "" };
  return key && Array.isArray(values.hz) ? { hz: values.hz, values: values[key], unit: units[key] ?? key }
    : { hz: [], values: [], unit: "" };
}

/** The shaft's first three lines. */
function shaft(picture) {
  const hz = picture?.lines?.shaft?.[0];
  return Number.isFinite(hz) ? [1, 2, 3].map((k) => ({ x: k * hz, name: `${k}×`, group: "shaft" })) : [];
}

/** Health as a ring, its number inside. */
export function healthRing(percent) {
  const known = Number.isFinite(percent);
  const length = 2 * Math.PI * 34;
  const kind = !known ? "none" : percent >= 50 ? "good" : percent >= 25 ? "fair" : "poor";
  return s("svg", { class: `ring ring-${kind}`, viewBox: "0 0 80 80", role: "img",
    "aria-label": known ? `Health ${number(percent, 2)} percent` : "Health not known" },
    s("circle", { class: "ring-back", cx: 40, cy: 40, r: 34 }),
    percent > 0 ? s("circle", { class: "ring-front", cx: 40, cy: 40, r: 34, transform: "rotate(-90 40 40)",
      "stroke-dasharray": `${(length * Math.max(0, Math.min(100, percent))) / 100} ${length}` }) : null,
    s("text", { x: 40, y: 46, "text-anchor": "middle" }, known ? `${Math.round(percent)} %` : "–"));
}

const GAUGE = { low: -20, high: 20 };

/** How strong the noise is, read off the network's thresholds: a scale with a pointer. */
export function noiseGauge(db) {
  const known = Number.isFinite(db);
  const share = known ? Math.max(0, Math.min(1, (db - GAUGE.low) / (GAUGE.high - GAUGE.low))) : 0;
  const x = 10 + 180 * share;
  const words = db < -8 ? "quiet" : db < 2 ? "noisy" : "very noisy";
  return h("div", { class: known ? "gauge" : "gauge unknown" }, h("h4", {}, "Noise level"),
    s("svg", { viewBox: "0 0 200 34", role: "meter", "aria-valuemin": GAUGE.low, "aria-valuemax": GAUGE.high,
      "aria-valuenow": known ? number(db) : null, "aria-label": "Noise level over the signal, dB" },
      s("rect", { class: "gauge-1", x: 10, y: 12, width: 54, height: 8 }),
      s("rect", { class: "gauge-2", x: 64, y: 12, width: 45, height: 8 }),
      s("rect", { class: "gauge-3", x: 109, y: 12, width: 81, height: 8 }),
      [-20, -10, 0, 10, 20].map((v) => s("text", { class: "tick", x: 10 + 4.5 * (v + 20), y: 32,
        "text-anchor": "middle" }, String(v))),
      known ? s("path", { class: "pointer", d: `M${x - 5} 3h10l-5 8z` }) : null),
    h("span", {}, known ? `${quantity(db, "dB")} over the signal: ${words}` : "Not known: this network does not tell it, or was not asked."));
}
