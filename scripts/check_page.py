"""The gateway's page in a real browser: ``make check-page``.

Chromium logs in, sees a machine wear from zone A to D, acknowledges its alarm and fetches the export. The machine is
the simulator's, its records a real station's, in a real store. Screenshots go to build/page.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "edge"))

from vibration_bundle_file import write_vibration_bundle  # noqa: E402
from web_gateway import NAME, PASSWORD, RATE_HZ, Page, machine, open_page, run_station, wearing  # noqa: E402

from drsn_keras.edge.bundle import load_bundle  # noqa: E402
from drsn_keras.edge.gateway.config import AlarmConfig, MachineConfig  # noqa: E402
from drsn_keras.edge.gateway.records import Block, Event  # noqa: E402
from drsn_keras.edge.gateway.station import Station  # noqa: E402

SHOTS = ROOT / "build" / "page"
WORN, SOUND, FRESH, SILENT = "pump-001", "fan-002", "mixer-003", "blower-004"
RECORDS, EVERY_S, QUICK = 112, 32.0, 50
DESKTOP, PHONE = {"width": 1360, "height": 900}, {"width": 390, "height": 844}
TOURS = (("phone", PHONE, "light"), ("dark", DESKTOP, "dark"), ("phone-dark", PHONE, "dark"))
#: How many controls have no name that a screen reader could say.
UNNAMED = """[...document.querySelectorAll('button, a, input, select, textarea, svg')].filter((e) => !e.closest('a svg')
    && !(e.textContent.trim() || e.ariaLabel || e.labels?.length || e.querySelector('img[alt]'))).length"""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
SCRIPT = "<img src=x onerror=\"document.title='broken'\">"
#: Before the login the page asks who is there, and is told: nobody.
EXPECTED = "401"


def main() -> int:
    """Exit code 0 where all of it was seen, or where there is no browser to see it with."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        print("check-page: skipped: playwright is not installed (pip install --group page)")
        return 0
    browser = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    if browser is None:
        print(f"check-page: skipped: none of {', '.join(CHROMIUM)} on the PATH")
        return 0
    shutil.rmtree(SHOTS, ignore_errors=True)
    SHOTS.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        machines = configured(Path(folder))
        asked: list[tuple[str, str | None]] = []
        with (
            open_page(Path(folder), machines, lambda *what: asked.append(what)) as page,
            closing_browser(playwright, browser) as chromium,
        ):
            fill(page, machines)
            Check(page, chromium, machines, asked).run()
    print(f"check-page: passed; screenshots in {SHOTS.relative_to(ROOT)}")
    return 0


def configured(folder: Path) -> tuple[MachineConfig, ...]:
    """One that wears, one that is sound, one that is still learning, one that never spoke."""
    bundle = write_vibration_bundle(folder / "pitch")
    rules = AlarmConfig(confirm=2, within=3, learn_records=20)
    return (
        machine(WORN, bundle=bundle, alarms=rules),
        machine(SOUND, alarms=rules),
        machine(FRESH, alarms=rules),
        machine(SILENT, iso_group=None, foundation=None, bearing=None, alarms=rules),
    )


def fill(page: Page, machines: tuple[MachineConfig, ...]) -> None:
    """What is there before anybody looks."""
    now = time.time()
    page.store.log(Event(now - RECORDS * EVERY_S, "", "start", "gateway started"))
    run_station(page.store, machines[1], 0, 24, now - 24 * 20.0, 20.0)
    run_station(page.store, machines[2], 0, 7, now - 7 * 20.0, 20.0)
    page.live.set("mqtt_connected", 1)
    page.live.set("store_bytes", page.store.size_bytes())


def wear(page: Page, config: MachineConfig, start_s: float) -> None:
    """The wearing machine's life; its first records at once, the others slowly enough to be watched."""
    virtual, station = wearing(), Station(config, load_bundle(config.bundle))
    for k in range(RECORDS):
        samples = virtual.samples(k * RATE_HZ, RATE_HZ)
        for step in station.push(Block(config.name, start_s + k * EVERY_S, samples, k * RATE_HZ, 0)):
            page.store.commit(step)
            page.live.add("records", config.name)
            page.live.set("last_data_s", time.time(), config.name)
        time.sleep(0.25 if k > QUICK else 0.0)


@contextlib.contextmanager
def closing_browser(playwright: Any, path: str):
    """Chromium without a window; its sandbox cannot be had by root in a container."""
    browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
    try:
        yield browser
    finally:
        browser.close()


class Check:
    """The steps, in order; each that fails ends it with an AssertionError or a time-out."""

    def __init__(self, page: Page, browser: Any, machines: tuple[MachineConfig, ...], asked: list) -> None:
        self.page, self.browser, self.machines, self.asked = page, browser, machines, asked
        self.url = page.server.url
        self.said: list[str] = []

    def run(self) -> None:
        context = self.browser.new_context(viewport=DESKTOP, color_scheme="light", accept_downloads=True)
        tab = self.tab(context)
        self.log_in(tab)
        self.watch(tab)
        self.look(tab)
        self.acknowledge(tab)
        self.relearn(tab)
        self.keyboard(tab)
        self.export(tab)
        state = context.storage_state()
        for name, viewport, scheme in TOURS:
            other = self.browser.new_context(viewport=viewport, color_scheme=scheme, storage_state=state)
            self.tour(self.tab(other), name)
            other.close()
        self.log_out(tab)
        assert not self.said, self.said

    def tab(self, context: Any) -> Any:
        tab = context.new_page()
        tab.set_default_timeout(20_000)
        tab.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        tab.on("console", lambda m: m.type == "error" and EXPECTED not in m.text and self.said.append(m.text))
        return tab

    def log_in(self, tab: Any) -> None:
        tab.goto(self.url)
        tab.get_by_label("Name").fill(NAME)
        tab.get_by_label("Password").fill("wrong")
        shot(tab, "desktop-login")
        tab.get_by_role("button", name="Log in").click()
        tab.get_by_text("That name and password are not known here.").wait_for()
        tab.get_by_label("Password").fill(PASSWORD)
        tab.keyboard.press("Enter")
        tab.get_by_role("link", name=WORN).wait_for()
        done("a wrong password is refused, the right one lets in")

    def watch(self, tab: Any) -> None:
        thread = threading.Thread(target=wear, args=(self.page, self.machines[0], time.time() - RECORDS * EVERY_S))
        thread.start()
        seen: list[str] = []
        end = time.monotonic() + 120.0
        badge = tab.locator(f'[data-key="machine-{WORN}"] .badge [aria-hidden]')
        while time.monotonic() < end and seen[-1:] != ["D"]:
            letter = badge.text_content()
            if letter in "ABCD" and seen[-1:] != [letter]:
                seen.append(letter)
                shot(tab, f"desktop-machines-{letter}")
            tab.wait_for_timeout(200)
        thread.join()
        assert seen == ["A", "B", "C", "D"], f"zones seen: {seen}"
        tab.wait_for_timeout(2500)
        shot(tab, "desktop-machines")
        first = tab.locator(".tile h2").first.text_content()
        assert first == WORN, f"the worst machine comes first, not {first}"
        for name, text in ((FRESH, "learning"), (SILENT, "no data")):
            assert text in tab.locator(f'[data-key="machine-{name}"]').text_content(), name
        done(f"zones of {WORN}: {' '.join(seen)}; learning and no data are said")

    def look(self, tab: Any) -> None:
        tab.get_by_role("link", name=WORN).click()
        tab.locator(".chart .line").first.wait_for()
        for text in ("Zone D", "Learned normal", "Network", "Abstains", "Velocity RMS", "Kurtosis", "BPFO stands out"):
            tab.get_by_text(text).first.wait_for()
        marks = tab.locator(".mark-name").all_text_contents()
        for name in ("BPFO", "2×BPFO", "3×BPFO", "BPFI", "2×BSF", "4×BSF"):
            assert name in marks, (name, marks)
        assert tab.locator(".band").count() == 4
        for range_name in ("1 day", "30 days", "1 hour"):
            tab.get_by_role("button", name=range_name).click()
            tab.locator(f'button[aria-pressed="true"]:has-text("{range_name}")').wait_for()
        tab.get_by_role("button", name="Logarithmic").click()
        tab.wait_for_timeout(300)
        shot(tab, "desktop-machine-log")
        tab.get_by_role("button", name="Logarithmic").click()
        tab.wait_for_timeout(300)
        shot(tab, "desktop-machine")
        done(f"three verdicts, trends over three ranges with zones, {len(marks)} named lines")

    def acknowledge(self, tab: Any) -> None:
        tab.goto(f"{self.url}#/alarms")
        alarm = tab.locator(".alarm", has_text="ISO limit")
        alarm.get_by_role("button", name="Acknowledge").focus()
        tab.keyboard.press("Enter")
        tab.get_by_label("Comment").fill(f"bearing ordered {SCRIPT}")
        tab.get_by_label("What was it?").fill("outer race")
        tab.locator("dialog .plot").wait_for()
        shot(tab, "desktop-acknowledge")
        tab.keyboard.press("Enter")
        tab.get_by_text(f"✓ {NAME}: bearing ordered").first.wait_for()
        assert tab.title() != "broken" and tab.locator('img[src="x"]').count() == 0
        kept = next(a for a in self.page.store.alarms(machine=WORN) if a["name"] == "iso")
        assert (kept["acknowledged_by"], kept["label"]) == (NAME, "outer race")
        shot(tab, "desktop-alarms")
        done("acknowledged by keyboard, its waveform in view, with name, comment and label; markup in it stays text")

    def relearn(self, tab: Any) -> None:
        tab.goto(f"{self.url}#/machine/{WORN}")
        tab.get_by_role("button", name="Learn anew").click()
        shot(tab, "desktop-relearn")
        tab.locator("dialog").get_by_role("button", name="Learn anew").click()
        tab.get_by_text(f"{NAME}: learn the normal of all regimes anew").wait_for()
        assert self.asked == [(WORN, None)], self.asked
        done("a normal is asked to be learned anew, and the log says by whom")

    def keyboard(self, tab: Any) -> None:
        tab.goto(f"{self.url}#/machine/{WORN}")
        tab.locator(".plot").first.wait_for()
        tab.locator(".plot").first.focus()
        tab.keyboard.press("End")
        tab.keyboard.press("ArrowLeft")
        assert "mm/s" in tab.locator(".readout").first.text_content()
        unnamed = tab.evaluate(UNNAMED)
        assert unnamed == 0, f"{unnamed} controls have no name"
        done("charts are read by the arrow keys; every control has a name")

    def export(self, tab: Any) -> None:
        tab.goto(f"{self.url}#/alarms")
        with tab.expect_download() as download:
            tab.get_by_role("link", name="Export labelled waveforms").click()
        with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
            manifest = archive.read("manifest.csv").decode()
        assert manifest.count("outer race") == 1, manifest
        done("the export has the labelled waveform")

    def tour(self, tab: Any, name: str) -> None:
        """Every view, and none wider than the screen."""
        for view in ("machines", f"machine/{WORN}", f"machine/{SILENT}", "alarms", "events", "gateway"):
            tab.goto(f"{self.url}#/{view}")
            tab.locator("main h1").first.wait_for(state="attached")
            tab.wait_for_timeout(900)
            wide = tab.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert wide <= 0, f"{view} is {wide} px too wide on {name}"
            shot(tab, f"{name}-{view.replace('/', '-')}")
        done(f"{name}: six views, none too wide")

    def log_out(self, tab: Any) -> None:
        tab.get_by_role("button", name="Log out").click()
        tab.get_by_label("Password").wait_for()
        assert tab.evaluate("fetch('/api/machines').then((answer) => answer.status)") == 401
        done("after logging out nothing is answered")


def shot(tab: Any, name: str) -> None:
    """The whole page as a PNG."""
    tab.evaluate("scrollTo(0, 0)")
    tab.screenshot(path=SHOTS / f"{name}.png", full_page=True)


def done(text: str) -> None:
    print(f"check-page: {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
