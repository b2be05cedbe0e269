// Numbers, times and names as a person reads them.
export const ZONES = {
  A: "as newly commissioned",
  B: "fine for long-term operation",
  C: "not for long-term operation: plan a remedy",
  D: "severe enough to cause damage",
};

const FEATURES = {
  velocity_rms_mm_s: ["Velocity RMS", "mm/s"],
  acceleration_rms_g: ["Acceleration RMS", "g"],
  peak_g: ["Peak", "g"],
  crest: ["Crest factor", ""],
  kurtosis: ["Kurtosis", ""],
  health_percent: ["Health", "%"],
  noise_level_db: ["Noise level", "dB"],
  bpfo_contrast_db: ["BPFO contrast", "dB"],
  bpfi_contrast_db: ["BPFI contrast", "dB"],
  bsf2_contrast_db: ["2×BSF contrast", "dB"],
  envelope_low_hz: ["Envelope band from", "Hz"],
  envelope_high_hz: ["Envelope band to", "Hz"],
  normal_distance: ["Distance from normal", ""],
  ftf_contrast_db: ["FTF contrast", "dB"],
};

const UNITS = [
  ["_mm_s", "mm/s"], ["_m_s2", "m/s²"], ["_g", "g"], ["_db", "dB"], ["_percent", "%"],
  ["_hz", "Hz"], ["_rpm", "rpm"], ["_um", "µm"], ["_s", "s"], ["_k", "K"],
];

/** [title, unit] of a feature. */
export function feature(name) {
  if (FEATURES[name]) return FEATURES[name];
  const [ending, unit] = UNITS.find(([end]) => name.endsWith(end)) ?? ["", ""];
  const words = name.slice(0, name.length - ending.length).replaceAll("_", " ");
  return [words.charAt(0).toUpperCase() + words.slice(1), unit];
}

/** A number with three or so digits that mean something. */
export function number(value, digits = 3) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return value.toExponential(digits - 1);
  const before = size < 1 ? 1 : Math.floor(Math.log10(size)) + 1;
  return value.toFixed(Math.max(0, Math.min(4, digits - before)));
}

/** A count, or a number that was set by hand: no digits that say nothing. */
export function plain(value) {
  return Number.isFinite(value) ? value.toLocaleString("en", { maximumFractionDigits: 3, useGrouping: false }) : "–";
}

/** With its unit, joined by a space that does not break. */
export function quantity(value, unit, digits) {
  return unit ? `${number(value, digits)}\u00a0${unit}` : number(value, digits);
}

/** A duration [s] in its largest unit. */
export function duration(seconds) {
  const size = Math.abs(seconds);
  if (size < 1) return "now";
  for (const [unit, length] of [["d", 86400], ["h", 3600], ["min", 60]]) {
    if (size >= 2 * length || (unit === "min" && size >= 90)) return `${Math.round(size / length)}\u00a0${unit}`;
  }
  return `${Math.round(size)}\u00a0s`;
}

/** The regime of a record; none where the machine has but one. */
export function presentRegime(record) {
  return record?.regime && record.regime !== "all" ? record.regime : null;
}

/** A slope given by the day, by the hour or minute where a day says nothing. */
export function perTime(perDay, unit) {
  const [per, word] = [[1, "day"], [24, "hour"], [1440, "minute"]].find(([n]) => Math.abs(perDay) / n < 100) ?? [1440, "minute"];
  return `${perDay > 0 ? "+" : "−"}${number(Math.abs(perDay) / per, 2)}\u00a0${unit} ${word === "hour" ? "an" : "a"} ${word}`;
}

/** How long ago; `now` is the gateway's clock. */
export function age(timeS, now) {
  return now - timeS < 1 ? "just now" : `${duration(now - timeS)} ago`;
}

/** A moment in the reader's own time zone; the day only where it is not today. */
export function moment(timeS) {
  const date = new Date(timeS * 1000);
  const clock = date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
  const today = date.toDateString() === new Date().toDateString();
  return today ? clock : `${day(date)} ${clock}`;
}

/** Day and month, and the year where it is another. */
export function day(date) {
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString([], { day: "numeric", month: "short", year });
}

/** Bytes in a unit that fits. */
export function bytes(count) {
  if (!Number.isFinite(count)) return "–";
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const step = count < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(count) / 10));
  return `${number(count / 1024 ** step)}\u00a0${units[step]}`;
}

/** One or many of something. */
export function count(n, one, many = `${one}s`) {
  return `${n}\u00a0${n === 1 ? one : many}`;
}
