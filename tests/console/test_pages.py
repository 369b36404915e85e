"""The console's pages over a real store: who gets in, what goes out, what is refused."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from appliance.console.server import COOKIE, MENU
from tests.console.browsing import Got, Visitor
from tests.console.world import BEN, KEY_PASSPHRASE, World, served, world

ELSEWHERE = re.compile(r"""(?:href|src|action|content|url)\s*[=(]\s*["']?(?:https?:)?//""", re.I)
OWN = re.compile(r'href="(/[^"#]*)"')


@dataclass(frozen=True, slots=True)
class Office:
    """A world, its console, and an officer who is signed in."""

    world: World
    address: str
    olga: Visitor


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    with world(tmp_path_factory.mktemp("office") / "home") as made, served(made) as address:
        olga = Visitor(address)
        assert olga.sign_in(KEY_PASSPHRASE).status == 303
        yield Office(made, address, olga)


def walked(office: Office) -> dict[str, Got]:
    """Every page that a link leads to, once, from the first page on."""
    found: dict[str, Got] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        if path in found or len(found) > 150:
            continue
        found[path] = office.olga.get(path)
        links = (
            OWN.findall(found[path].text) if "html" in found[path].headers["content-type"] else []
        )
        waiting += [link.replace("&amp;", "&") for link in links if link not in found]
    return found


def test_every_page_is_whole_and_names_no_address_outside_the_machine(office: Office) -> None:
    pages = walked(office)
    assert {path for path, _ in MENU} <= set(pages)
    assert any(path.startswith("/event/") for path in pages)
    for path, got in pages.items():
        assert got.status == 200, (path, got.text[:800])
        outside = ELSEWHERE.search(got.text.replace('xmlns="http://www.w3.org/2000/svg"', ""))
        assert outside is None, (path, outside)
        policy = got.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "http" not in policy
        assert got.headers["cache-control"] == "no-store"
        assert "style=" not in got.text, path
        assert not re.search(r"<script(?! src=\"/assets/)", got.text), path
        assert not re.search(r"\son[a-z]+=", got.text), path


def test_nobody_sees_a_page_without_signing_in(office: Office) -> None:
    stranger = Visitor(office.address)
    for path in [
        *(path for path, _ in MENU),
        "/event/1",
        f"/person/{BEN}",
        "/evidence/x.zip",
        "/no",
    ]:
        got = stranger.get(path)
        assert got.status == 303
        assert got.headers["location"].startswith("/login")
        assert got.body == b""
    stranger.cookies[COOKIE] = "x" * 43
    assert stranger.get("/").status == 303
    assert stranger.post("/verify", csrf="").status == 303


def test_a_wrong_passphrase_is_refused_and_on_record(office: Office) -> None:
    stranger = Visitor(office.address)
    got = stranger.sign_in("not my key")
    assert got.status == 403
    assert COOKIE not in stranger.cookies
    last = [record for record in office.world.premises.log.records() if record.result][-1]
    assert (last.action, last.result and last.result.status) == ("console_login", "failed")
    assert "WrongPassphrase" in (last.result.error if last.result else "")


def test_reading_is_on_record_with_what_was_asked_for_sealed(office: Office) -> None:
    before = office.world.premises.log.size
    assert office.olga.get("/timeline?text=allergies").status == 200
    made = list(office.world.premises.log.records())[before:]
    assert {record.action for record in made} >= {"console_read"}
    assert {record.via for record in made} == {"console"}
    assert all("allergies" not in str(record) for record in made)


def test_the_officer_reads_what_was_asked_and_the_core_does_not(office: Office) -> None:
    question = "Which allergies are on record for the patient?"
    assert question in office.olga.get("/timeline?action=ask").text
    folder = office.world.premises.settings.home / "audit" / "log"
    assert not any(question.encode() in path.read_bytes() for path in folder.iterdir())


def test_a_form_from_anywhere_else_is_refused(office: Office) -> None:
    olga = office.olga
    token = olga.get("/verify").csrf
    for fields, headers in (
        ({"csrf": "0" * 64}, {}),
        ({}, {}),
        ({"csrf": token}, {"Origin": "http://evil.example"}),
        ({"csrf": token}, {"Origin": "null"}),
        ({"csrf": token}, {"Sec-Fetch-Site": "cross-site"}),
        ({"csrf": token}, {"Sec-Fetch-Site": "same-site"}),
    ):
        assert olga.post("/verify", headers=headers, **fields).status == 403
    assert olga.post("/login", csrf="guessed", passphrase=KEY_PASSPHRASE).status == 403


def test_what_was_typed_outlives_the_session_and_is_sent_by_one_click(office: Office) -> None:
    late, typed = Visitor(office.address), "a <b>long</b> note"
    door = late.post("/verify", csrf="0" * 64, note=typed)
    assert door.status == 403
    assert 'action="/login?next=/verify"' in door.text
    assert 'name="kept_note" value="a &lt;b&gt;long&lt;/b&gt; note"' in door.text
    again = late.post(
        "/login?next=/verify", csrf=door.csrf, kept_note=typed, passphrase=KEY_PASSPHRASE
    )
    assert again.status == 200
    assert "Not sent yet" in again.text
    assert 'name="note" value="a &lt;b&gt;long&lt;/b&gt; note"' in again.text
    assert late.post("/verify", csrf=again.csrf, note=typed).status == 303
    other_tab = late.post("/verify", csrf="0" * 64, note=typed)
    assert other_tab.status == 403
    assert "Not sent yet" in other_tab.text
    assert late.post("/verify", csrf=other_tab.csrf, note=typed).status == 303
    assert late.post("/logout", csrf=again.csrf).status == 303
    assert late.post("/logout", csrf=again.csrf, x="x").headers["location"] == "/login"


def test_after_signing_in_the_page_that_was_asked_for_comes(office: Office) -> None:
    asked = Visitor(office.address)
    door = asked.get("/timeline?action=ask&text=x").headers["location"]
    assert door == "/login?next=/timeline%3Faction%3Dask%26text%3Dx"
    assert '<form method="post" class' in asked.get(door).text  # it goes to its own address
    came = asked.post(door, csrf=asked.get(door).csrf, passphrase=KEY_PASSPHRASE)
    assert came.headers["location"] == "/timeline?action=ask&text=x"


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8411", "127.0.0.1.evil.example", ""]
)
def test_a_foreign_name_does_not_lead_here(office: Office, host: str) -> None:
    assert office.olga.get("/", Host=host).status in {400, 403}


def test_what_is_too_long_or_no_form_is_refused(office: Office) -> None:
    token = office.olga.get("/evidence").csrf
    assert office.olga.post("/evidence", csrf=token, since="x" * 70_000).status == 403
    assert office.olga.post("/evidence", csrf=token, since="x" * 3_000).status == 400
    assert office.olga.post("/evidence", csrf=token, since="yesterday").status == 400
    assert office.olga.get("/timeline?since=yesterday").status == 400
    assert office.olga.get("/timeline?before=-1").status == 400
    assert office.olga.get("/event/99999999").status == 404
    assert office.olga.get("/document/" + "0" * 32).status == 404
    assert office.olga.get("/document/..%2f..%2fetc").status == 404
    assert office.olga.get("/wall/nothing").status == 404
    assert office.olga.get("/no/such/page").status == 404


def test_what_people_typed_is_text_and_never_markup(office: Office) -> None:
    evil = '"><script>alert(1)</script>'
    acts = office.world.acts(BEN)
    with acts.act("show", private={"document": evil}):
        pass
    page = office.olga.get("/timeline?action=show").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "<script>alert" not in office.olga.get("/timeline?text=%22%3E%3Cscript%3Ealert").text


def test_evidence_is_gathered_and_carried_away(office: Office) -> None:
    got = office.olga.post("/evidence", csrf=office.olga.get("/evidence").csrf, action="search")
    assert got.status == 303
    for _ in range(1200):
        page = office.olga.get("/evidence").text
        if "Carry away" in page:
            break
        time.sleep(0.05)
    link = next(path for path in OWN.findall(page) if path.startswith("/evidence/"))
    archive = zipfile.ZipFile(io.BytesIO(office.olga.get(link).body))
    names = set(archive.namelist())
    assert {"evidence/events.jsonl", "evidence/proofs.txt", "evidence/verify_audit.py"} <= names
    assert b'"search"' in archive.read("evidence/events.jsonl")


def test_verifying_says_how_far_the_record_is_whole(office: Office) -> None:
    assert office.olga.post("/verify", csrf=office.olga.get("/verify").csrf).status == 303
    for _ in range(1200):
        page = office.olga.get("/verify").text
        if "The record is whole" in page:
            break
        time.sleep(0.05)
    assert "The record is whole" in page
    assert "never in full" not in office.olga.get("/").text


def test_the_wall_page_tells_apart_what_was_denied_and_what_was_not(office: Office) -> None:
    wall = office.world.view().governing.walls()[0]
    assert "Nothing behind this wall was reached" in office.olga.get(f"/wall/{wall.id}").text
    elm = office.world.collections["Project Elm"].id
    with office.world.acts(BEN).act("show", collection=elm):
        pass
    page = office.olga.get(f"/wall/{wall.id}").text
    assert "Nothing behind this wall was reached" not in page
    assert "1 act was not denied" in page


def test_signing_out_ends_the_session_and_what_it_held(office: Office, tmp_path: Path) -> None:
    olga = Visitor(office.address)
    olga.sign_in(KEY_PASSPHRASE)
    kept = dict(olga.cookies)
    assert olga.post("/logout", csrf=olga.get("/verify").csrf).status == 303
    again = Visitor(office.address, kept)
    assert again.get("/").status == 303


def test_a_review_goes_from_the_draw_to_the_signature(office: Office) -> None:
    olga = office.olga
    token = olga.get("/reviews").csrf
    drawn = olga.post("/reviews", csrf=token, risky="2", chance="1")
    assert drawn.status == 303
    where = drawn.headers["location"]
    assert olga.post(f"{where}/sign", csrf=token).status == 400  # nothing was looked at
    here = next(path for path in OWN.findall(olga.get(where).text) if "/event/" in path)
    while "/event/" in here:
        page = olga.get(here)
        assert "Under review" in page.text
        here = olga.post(here, csrf=token, note="A note\nof two lines.").headers["location"]
    assert "A note of two lines." in olga.get(where).text
    assert olga.post(f"{where}/sign", csrf=token, statement="Nothing to say.").status == 303
    assert "Signed off" in olga.get(where).text
    assert olga.post(f"{where}/sign", csrf=token).status == 404
    assert olga.get("/review/1").status == 404


def test_broken_glass_is_reviewed_from_the_list(office: Office) -> None:
    opening = office.world.view().governing.openings()[0]
    token = office.olga.get("/walls").csrf
    assert office.olga.post(f"/glass/{opening.id}", csrf=token).status == 303
    assert "by olga" in office.olga.get("/walls").text
