"""The steps of the officer's walk, each a small story that leaves a screenshot."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]

from tests.console.walk import AXE, LONGEST_STEP_MS, SIZE, Walked
from tests.console.world import KEY_PASSPHRASE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIGNED_OUT = "/login?next=/"


class Walker:
    """One officer at one browser."""

    def __init__(self, browser: Browser, address: str, out: Path, walked: Walked) -> None:
        self._browser, self._address, self._out, self._walked = browser, address, out, walked
        self._page = self._fresh("light")

    def walk(self) -> None:
        """Everything, in the order of a morning's work."""
        for step in (
            self.wrong_passphrase,
            self.sign_in,
            self.filter,
            self.search,
            self.open,
            self.person,
            self.document,
            self.wall,
            self.review_glass,
            self.review,
            self.export,
            self.verify,
            self.by_keyboard,
            self.narrow_and_dark_and_printed,
            self.sign_out,
        ):
            step()
            self._walked.steps.append(step.__name__)

    def wrong_passphrase(self) -> None:
        self._goto("/")
        self._shot("login")
        self._sign_in("not the passphrase")
        assert "does not open" in self._page.inner_text("[role=alert]")

    def sign_in(self) -> None:
        self._sign_in(KEY_PASSPHRASE)
        self._page.wait_for_selector("h1:text-is('Overview')")
        assert "Broken glass" in self._page.inner_text("main")
        self._shot("overview")

    def filter(self) -> None:
        self._goto("/timeline")
        self._page.select_option("select[name=decision]", "deny")
        self._page.select_option("select[name=person]", label="ben")
        self._follow("button:text-is('Show')")
        said = self._page.inner_text("ol.events >> nth=0")
        assert "ben tried to search" in said
        assert "denied by wall" in said
        self._shot("timeline")

    def search(self) -> None:
        self._goto("/timeline")
        self._page.fill("input[name=text]", "allergies unconscious")
        with self._page.expect_navigation():
            self._page.press("input[name=text]", "Enter")
        assert "The patient is unconscious" in self._page.inner_text("ol.events >> nth=0")

    def open(self) -> None:
        self._goto("/timeline?action=ask")
        self._follow("a.say >> nth=0")
        page = self._page.inner_text("main")
        assert "Which allergies are on record for the patient?" in page
        assert "The care team reads a patient's record" in page
        assert "stands in that tree" in page or "after the last signed checkpoint" in page
        self._shot("event")

    def document(self) -> None:
        self._goto("/timeline?action=ask")
        self._follow("a.say >> nth=0")
        self._follow("a[href^='/document/'] >> nth=0")
        assert "Everyone who ever touched it" in self._page.inner_text("main")
        self._shot("document")

    def person(self) -> None:
        self._goto("/people")
        self._look("people")
        self._follow("main a:text-is('ben')")
        assert "Project Elm" in self._page.inner_text("main")
        self._shot("person")

    def wall(self) -> None:
        self._goto("/walls")
        self._follow("text=Proof of no access")
        assert "Nothing behind this wall was reached" in self._page.inner_text("main")
        self._shot("wall")

    def review_glass(self) -> None:
        self._goto("/walls")
        self._look("walls")
        self._follow("button:text-is('I reviewed this')")
        self._page.wait_for_selector("text=by olga")

    def review(self) -> None:
        """Draw a sample, look at every event of it, write a note, sign off."""
        self._goto("/reviews")
        self._look("reviews")
        self._page.fill("input[name=risky]", "3")
        self._page.fill("input[name=chance]", "2")
        self._follow("button:text-is('Draw the sample')")
        self._follow("a:text-is('Look at the next')")
        self._page.fill("textarea[name=note]", "Asked about it; to be looked at again next week.")
        self._page.check("input[name=concern]")
        self._look("one event under review")
        on = "button:text-is('Keep, and on to the next')"
        while self._page.query_selector(on):  # asked of a page that stands, not between two
            self._follow(on)
        self._shot("review")
        self._page.fill("textarea[name=statement]", "Nothing else stood out.")
        self._follow("button:text-is('Sign off')")
        self._page.wait_for_selector("text=Signed off")
        assert "1 concern to be followed up" in self._page.inner_text("main")
        self._goto("/reviews")
        self._shot("reviews")

    def export(self) -> None:
        self._goto("/evidence")
        self._page.select_option("select[name=collection]", label="Project Elm")
        self._page.check("input[name=open]")
        self._follow("button:text-is('Gather')")
        self._page.wait_for_selector("a:text-is('Carry away')")
        self._shot("evidence")
        with self._page.expect_download() as coming:
            self._page.click("a:text-is('Carry away')")
        archive = self._out / "evidence.zip"
        coming.value.save_as(archive)
        self._check(archive)

    def verify(self) -> None:
        self._goto("/verify")
        self._follow("button:text-is('Verify now')")
        self._page.wait_for_selector("text=The record is whole")
        self._shot("verify")
        self._goto("/")
        assert "✓" in self._page.inner_text(".signs")

    def by_keyboard(self) -> None:
        """The first key leads past the menu; "/" to the search field; Enter opens an event."""
        self._goto("/timeline")
        self._page.keyboard.press("Tab")
        assert self._page.evaluate("document.activeElement.className") == "skip"
        self._page.keyboard.press("/")
        assert self._page.evaluate("document.activeElement.name") == "text"
        self._page.focus("a.say >> nth=0")
        self._page.keyboard.press("Enter")
        self._page.wait_for_url("**/event/*")

    def narrow_and_dark_and_printed(self) -> None:
        self._page.emulate_media(color_scheme="dark")
        self._goto("/")
        self._shot("overview-dark")
        self._goto("/timeline")
        self._look("timeline, dark")
        self._page.set_viewport_size({"width": 420, "height": 860})
        self._look("timeline, narrow")
        wide = self._page.evaluate("document.documentElement.scrollWidth")
        assert wide <= 420, f"a narrow window has to scroll sideways: {wide}"
        self._page.set_viewport_size({"width": SIZE[0], "height": SIZE[1]})
        self._page.emulate_media(color_scheme="light")
        self._goto("/walls")
        self._follow("text=Proof of no access")
        self._page.wait_for_selector("text=Nothing behind this wall was reached")
        printed = self._page.pdf(path=str(self._out / "wall.pdf"), format="A4")
        assert printed.startswith(b"%PDF")

    def sign_out(self) -> None:
        self._follow("button:text-is('Sign out')")
        self._page.wait_for_selector("h1:text-is('Sign in')")
        self._goto("/timeline")
        assert "/login" in self._page.url

    # -- what the steps share --------------------------------------------------------------------

    def _fresh(self, scheme: Literal["light", "dark"]) -> Page:
        context = self._browser.new_context(
            viewport={"width": SIZE[0], "height": SIZE[1]},
            color_scheme=scheme,
            accept_downloads=True,
        )
        page = context.new_page()
        page.set_default_timeout(LONGEST_STEP_MS)
        page.on("request", lambda request: self._walked.requested.append(request.url))
        page.on("console", lambda message: self._walked.complaints.append(message.text))
        page.on("pageerror", lambda error: self._walked.complaints.append(str(error)))
        return page

    def _sign_in(self, passphrase: str) -> None:
        self._page.fill("input[name=passphrase]", passphrase)
        self._follow("button:text-is('Sign in')")

    def _follow(self, selector: str) -> None:
        """Click what leads to another page, and wait for that page."""
        with self._page.expect_navigation():
            self._page.click(selector)

    def _goto(self, path: str) -> None:
        self._page.goto(self._address + path)

    def _shot(self, name: str) -> None:
        self._look(name)
        self._page.screenshot(path=self._out / f"{name}.png")

    def _look(self, name: str) -> None:
        """What axe-core finds on the page as it stands."""
        found = Axe().run(self._page, options=AXE).response["violations"]
        for one in found:
            where = ", ".join(str(node["target"]) for node in one["nodes"][:3])
            self._walked.violations.append(f"{name}: {one['id']} ({one['impact']}) at {where}")

    def _check(self, archive: Path) -> None:
        """Unpack the evidence and let its own program check it, as somebody else would."""
        place = self._out / "unpacked"
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(place)
        folder = place / "evidence"
        program = [sys.executable, "-I", str(folder / "verify_audit.py"), str(folder)]
        done = subprocess.run(program, capture_output=True, text=True, check=False)
        self._walked.checked = f"{done.returncode} {done.stdout[-600:]}{done.stderr[-600:]}"
