// Asking the gateway. Answers are kept with their tags: what did not change is not sent again.
const kept = new Map();
const MOST_KEPT = 64;
let ahead = 0; // the gateway's clock less ours [s]

export class Problem extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

/** The gateway's time [Unix, s]. */
export function now() {
  return Date.now() / 1000 + ahead;
}

/** GET; gives [answer, whether it changed since the last time]. */
export async function get(path) {
  const old = kept.get(path);
  const answer = await ask(path, { headers: old ? { "If-None-Match": old.tag } : {} });
  if (answer.status === 304 && old) return [old.values, false];
  const values = await answer.json();
  kept.delete(path);
  kept.set(path, { tag: answer.headers.get("ETag") ?? "", values });
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  return [values, true];
}

/** POST an object; gives the answer. */
export async function post(path, values) {
  const headers = { "Content-Type": "application/json" };
  return (await ask(path, { method: "POST", headers, body: JSON.stringify(values) })).json();
}

/** Forget all answers: of another person, perhaps. */
export function forget() {
  kept.clear();
}

async function ask(path, options) {
  const signal = AbortSignal.timeout(20000);
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", signal, ...options });
  } catch {
    throw new Problem(0, "The gateway does not answer.");
  }
  const date = Date.parse(answer.headers.get("Date") ?? "");
  if (Number.isFinite(date)) ahead = date / 1000 + 0.5 - Date.now() / 1000;
  if (answer.ok || answer.status === 304) return answer;
  let text = `The gateway answered ${answer.status}.`;
  try {
    text = (await answer.json()).error ?? text;
  } catch { /* no JSON: the status has to do */ }
  throw new Problem(answer.status, text);
}
