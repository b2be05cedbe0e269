// The gateway's own health: what waits, the broker, the disk, and what each source gives.
import { get, now } from "./api.js";
import { fill, h, names } from "./dom.js";
import { age, bytes, duration, plain } from "./words.js";

function fact(title, text, bad, detail) {
  return h("div", { class: names("card", "fact", bad && "bad") }, h("h3", {}, title), h("p", { class: "headline" }, text),
    detail ? h("p", { class: "quiet" }, detail) : null);
}

/** The view. */
export function gatewayView(place) {
  return {
    title: "Gateway",
    async update() {
      const [told] = await get("/api/gateway");
      const own = told.gateway ?? {};
      const faults = Object.entries(told.faults ?? {});
      const broker = own.mqtt_connected;
      const share = told.quota_bytes ? own.store_bytes / told.quota_bytes : null;
      const machines = Object.entries(told.machines ?? {}).sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
      fill(place, h("h1", {}, "Gateway"),
        faults.length ? h("ul", { class: "faults" }, faults.map(([name, fault]) => h("li", { class: "card bad" },
          h("strong", {}, name), h("span", {}, fault.text), h("span", { class: "quiet" }, `since ${age(fault.since_s, now())}`)))) : null,
        h("div", { class: "facts" },
          fact("State", told.status, told.status !== "ok", `up for ${duration(told.uptime_s)}`),
          fact("Broker", broker === undefined ? "not configured" : broker ? "connected" : "away", broker === 0,
            `${plain(own.published ?? 0)} messages delivered`),
          fact("Waiting to be sent", plain(own.waiting ?? 0), false, "rows kept until the broker has them"),
          fact("Store", bytes(own.store_bytes), share > 1, told.quota_bytes
            ? `${Math.round(100 * (share || 0))} % of ${bytes(told.quota_bytes)}` : null),
          fact("Records to store", plain(own.queue_steps ?? 0), false, "made, not yet on the disk")),
        h("h2", {}, "Sources"),
        h("div", { class: "card scroll", tabindex: "0", role: "region", "aria-label": "Sources" }, h("table", {},
          h("thead", {}, h("tr", {}, ["Machine", "Last data", "Lag", "Waiting samples", "Records", "Frames", "Bad frames", "Gaps"]
            .map((text) => h("th", { scope: "col" }, text)))),
          h("tbody", {}, machines.map(([name, m]) => h("tr", {},
            h("th", { scope: "row" }, h("a", { href: `#/machine/${encodeURIComponent(name)}` }, name)),
            h("td", {}, m.last_data_s ? age(m.last_data_s, now()) : "none yet"),
            h("td", {}, m.lag_s === undefined ? "–" : duration(m.lag_s)),
            [m.queue_samples, m.records, m.frames, m.bad_frames, m.gaps].map((n, i) => h("td",
              { class: names(i >= 3 && n > 0 && "warn-text") }, plain(n)))))))));
    },
  };
}
