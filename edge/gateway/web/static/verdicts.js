// Three opinions side by side: the standard's limit, what is normal for this machine, and the network.
import { noiseGauge } from "./charts.js";
import { h, names } from "./dom.js";
import { number, presentRegime, quantity, ZONES } from "./words.js";

function card(title, state, headline, ...rest) {
  return h("section", { class: names("card", "verdict", `state-${state}`) }, h("h3", {}, title),
    h("p", { class: "headline" }, headline), ...rest);
}

function bar(value, limit, label) {
  const share = Math.max(0, Math.min(1, value / (limit * 1.5)));
  const meter = h("div", { class: "bar", role: "meter", "aria-valuemin": "0", "aria-valuemax": number(limit * 1.5),
    "aria-valuenow": number(value), "aria-label": label }, h("div", { class: "bar-fill" }), h("div", { class: "bar-limit" }));
  meter.firstChild.style.width = `${100 * share}%`;
  if (value >= limit) meter.classList.add("over");
  return meter;
}

/** ISO 20816-3. */
export function isoVerdict(machine, record) {
  const velocity = record?.features?.velocity_rms_mm_s;
  const limits = machine.zone_limits_mm_s;
  const title = "ISO 20816-3";
  if (!limits) return card(title, "none", "No zone", h("p", {}, "The machine's group and foundation are not configured."));
  const zone = record?.state?.iso?.zone;
  if (!zone) {
    const why = refusal(record, "velocity_rms_mm_s", "velocity", "iso");
    return card(title, "none", "No zone", h("p", {}, why ?? "No record yet."));
  }
  const place = `Group ${machine.iso_group}, ${machine.foundation} foundation`;
  return card(title, { A: "good", B: "good", C: "warn", D: "bad" }[zone], `Zone ${zone}`,
    h("p", {}, ZONES[zone]), zoneScale(velocity, limits),
    h("p", { class: "quiet" }, `${quantity(velocity, "mm/s")} RMS. ${place}.`));
}

function zoneScale(velocity, limits) {
  const top = limits[2] * 1.4;
  const scale = h("div", { class: "zones", role: "img", "aria-label":
    `Velocity ${number(velocity)} mm/s; zones end at ${limits.join(", ")} mm/s` });
  ["A", "B", "C", "D"].forEach((zone, i) => {
    const part = h("span", { class: `zone-${zone}` }, zone, i < 3 ? h("small", {}, String(limits[i])) : null);
    part.style.flexGrow = (i < 3 ? limits[i] : top) - (i ? limits[i - 1] : 0);
    scale.append(part);
  });
  const pointer = h("i", { class: "zone-pointer" });
  pointer.style.left = `${100 * Math.max(0, Math.min(1, velocity / top))}%`;
  scale.append(pointer);
  return scale;
}

/** The learned normal of the present regime. */
export function normalVerdict(record, relearn) {
  const again = h("button", { type: "button", class: "plain", onclick: relearn, "data-key": "relearn" }, "Learn anew …");
  const normal = record?.state?.normal;
  const title = "Learned normal";
  if (!normal) return card(title, "none", "Not known", h("p", {}, refusal(record, "normal") ?? "No record yet."));
  const regime = presentRegime(record) ? `Regime ${record.regime}.` : "";
  const learning = normal.learning;
  if (Number.isFinite(learning) && learning < 1) {
    const progress = h("progress", { max: "1", value: learning, "aria-label": "Learned so far" });
    return card(title, "learning", "Learning", progress,
      h("p", {}, `${Math.round(100 * learning)} % of the records it needs to know what is normal. ${regime}`), again);
  }
  const { distance, limit } = normal;
  if (!Number.isFinite(distance) || !Number.isFinite(limit)) {
    return card(title, "none", "Not measured", h("p", {}, normal.reason ?? refusal(record, "normal") ?? ""));
  }
  const over = distance >= limit;
  return card(title, over ? "bad" : distance >= 0.75 * limit ? "warn" : "good", over ? "Unusual" : "As usual",
    bar(distance, limit, "Distance from normal"),
    h("p", { class: "quiet" }, `Distance ${number(distance)}, limit ${number(limit)}. ${regime}`),
    normal.features?.length ? h("p", {}, `Furthest off: ${[normal.features].flat().join(", ")}`) : null, again);
}

/** The network, which may decline to answer. */
export function networkVerdict(machine, record) {
  const verdict = record?.state?.verdict;
  const title = "Network";
  if (!machine.bundle) return card(title, "none", "No network", h("p", {}, "No bundle is configured for this machine."));
  const noise = noiseGauge(record?.features?.noise_level_db);
  if (!verdict) return card(title, "none", "No verdict", h("p", {}, refusal(record, "verdict") ?? "No record yet."), noise);
  if (!verdict.label) {
    const likely = Number.isFinite(verdict.probability) ? ` (largest probability ${number(verdict.probability)})` : "";
    return card(title, "abstain", "Abstains", h("p", {}, `Because: ${verdict.reason_text ?? verdict.reason ?? "not said"}${likely}.`), noise);
  }
  const sound = verdict.healthy ?? (machine.healthy ?? []).includes(verdict.label);
  const windows = verdict.windows ? ` In ${Math.round(100 * (verdict.share ?? 1))} % of the ${verdict.classified} windows `
    + `that it judged, of ${verdict.windows}.` : "";
  return card(title, sound ? "good" : "bad", verdict.label,
    h("p", {}, `Probability ${number(verdict.probability)}`
      + (Number.isFinite(machine.min_probability) ? `; it abstains below ${number(machine.min_probability)}.` : ".") + windows),
    noise);
}

/** Why something is not given, in the record's own words. */
export function refusal(record, ...keys) {
  for (const key of keys) if (record?.refused?.[key]) return record.refused[key];
  return null;
}
