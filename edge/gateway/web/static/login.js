// The way in: a name and a password, or the access token.
import { get, post } from "./api.js";
import { fill, h } from "./dom.js";

/** Show the form; calls `done` once the gateway has let somebody in. */
export function showLogin(place, done) {
  let byToken = false;
  const problem = h("p", { class: "problem", role: "alert" });
  const name = h("input", { id: "name", name: "username", autocomplete: "username", autocapitalize: "none",
    spellcheck: "false", maxlength: "64" });
  const secret = h("input", { id: "secret", name: "password", type: "password", autocomplete: "current-password",
    maxlength: "256", required: true });
  const nameLabel = h("label", { for: "name" });
  const secretLabel = h("label", { for: "secret" });
  const button = h("button", { type: "submit", class: "primary" }, "Log in");
  const other = h("button", { type: "button", class: "plain", onclick: () => { byToken = !byToken; words(); } });

  function words() {
    nameLabel.textContent = byToken ? "Your name (for the log)" : "Name";
    secretLabel.textContent = byToken ? "Access token" : "Password";
    other.textContent = byToken ? "Use a password instead" : "Use an access token instead";
    name.required = !byToken;
  }

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    problem.textContent = "";
    const values = byToken
      ? { token: secret.value.trim(), ...(name.value.trim() ? { name: name.value.trim() } : {}) }
      : { name: name.value.trim(), password: secret.value };
    try {
      await post("/api/login", values);
      secret.value = "";
      done();
    } catch (error) {
      problem.textContent = error.status === 401 ? "That name and password are not known here." : error.message;
      if (error.status === 401 && byToken) problem.textContent = "That is not this gateway's token.";
      secret.select();
    } finally {
      button.disabled = false;
    }
  }

  /** Of two ways in, only those are offered that this gateway has. */
  async function offer() {
    try {
      const [{ ways }] = await get("/api/login");
      if (ways.length !== 1) return;
      byToken = ways[0] === "token";
      other.hidden = true;
      words();
    } catch { /* then both are offered */ }
  }

  words();
  offer();
  fill(place, h("form", { class: "login card", onsubmit: submit },
    h("img", { src: "/icon.svg", alt: "", width: "48", height: "48" }),
    h("h1", {}, "Condition monitoring"),
    h("div", { class: "field" }, nameLabel, name),
    h("div", { class: "field" }, secretLabel, secret),
    problem, button, other));
  name.focus();
}
