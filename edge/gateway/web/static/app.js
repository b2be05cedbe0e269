// The page: who is logged in, which view is shown, and asking for news every few seconds.
import { alarmsView } from "./alarms.js";
import { forget, get, post } from "./api.js";
import { fill, h, names } from "./dom.js";
import { eventsView } from "./events.js";
import { gatewayView } from "./gateway.js";
import { showLogin } from "./login.js";
import { machineView } from "./machine.js";
import { machinesView } from "./machines.js";

const EVERY_MS = 2000;
const main = document.getElementById("main");
const header = document.getElementById("top");
const notice = document.getElementById("notice");
const VIEWS = { machines: machinesView, alarms: alarmsView, events: eventsView, gateway: gatewayView };
const NAMES = { machines: "Machines", alarms: "Alarms", events: "Log", gateway: "Gateway" };

let view = null;
let session = null;
let timer = 0;
let running = false;

function route() {
  const [, kind, name] = location.hash.split("/");
  try {
    return kind === "machine" && name ? ["machine", decodeURIComponent(name)] : [kind in VIEWS ? kind : "machines", null];
  } catch {
    return ["machines", null];
  }
}

function show() {
  if (!session) return;
  const [kind, name] = route();
  main.replaceChildren();
  window.scrollTo(0, 0);
  view = kind === "machine" ? machineView(main, name) : VIEWS[kind](main);
  document.title = `${view.title} – ${session.gateway}`;
  tick();
}

function drawHeader(overview) {
  const [kind] = route();
  const open = overview.machines.flatMap((m) => m.alarms).concat(overview.own_alarms).filter((a) => !a.acknowledged_s).length;
  const link = (key) => h("a", { href: `#/${key}`, "data-key": `nav-${key}`,
    "aria-current": kind === key || (kind === "machine" && key === "machines") ? "page" : null },
  NAMES[key], key === "alarms" && open ? h("span", { class: "count", "aria-label": `${open} not acknowledged` }, String(open)) : null,
  key === "gateway" ? h("span", { class: names("dot", overview.status), title: overview.status },
    h("span", { class: "hidden" }, overview.status)) : null);
  fill(header, h("div", { class: "brand" }, h("img", { src: "/icon.svg", alt: "", width: "26", height: "26" }),
    h("strong", {}, overview.gateway)),
  h("nav", { "aria-label": "Views" }, Object.keys(VIEWS).map(link)),
  h("div", { class: "who" }, h("span", {}, session.name),
    h("button", { type: "button", class: "plain", onclick: logout, "data-key": "logout" }, "Log out")));
}

function say(text, bad) {
  notice.className = bad ? "bad" : "";
  if (notice.textContent !== text) notice.textContent = text;
}

async function tick(force) {
  clearTimeout(timer);
  if (running || !session || document.hidden) return;
  running = true;
  const shown = view;
  try {
    const [overview] = await get("/api/machines");
    drawHeader(overview);
    await shown.update(overview, force);
    say(overview.status === "ok" ? "" : `Gateway ${overview.status}: ${overview.reasons.join(", ")}`, overview.status === "failing");
  } catch (error) {
    if (error.status === 401) return enter();
    if (error.status === 404 && shown === view) fill(main, h("p", { class: "empty" }, error.message));
    else say(`${error.message} Trying again.`, true);
  } finally {
    running = false;
    if (session) timer = setTimeout(tick, view === shown ? EVERY_MS : 0);
  }
  return undefined;
}

async function logout() {
  try {
    await post("/api/logout", {});
  } catch { /* the session has ended already */ }
  enter();
}

/** Ask who we are; where nobody, show the way in. */
async function enter() {
  session = null;
  forget();
  clearTimeout(timer);
  header.replaceChildren();
  try {
    [session] = await get("/api/session");
  } catch (error) {
    if (error.status === 401) {
      say("", false);
      document.title = "Log in";
      showLogin(main, enter);
    } else {
      say(`${error.message} Trying again.`, true);
      timer = setTimeout(enter, EVERY_MS);
    }
    return;
  }
  show();
}

window.addEventListener("hashchange", show);
document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
enter();
