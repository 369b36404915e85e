"""The evaluation's own rules: what counts as a word, a cell, an error, an allowed ending."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from appliance.documents import Flag, ParsedDocument
from appliance.errors import InputUnreadable, NoText
from appliance.formats.build import DocumentBuilder, Entry
from appliance.sandbox.outcome import Outcome, error_for
from scripts import headlines
from scripts.evaluating import hostile, reading, run, score, tables, words, workspace
from scripts.evaluating.confined import Read
from scripts.evaluating.options import Options
from scripts.evaluating.score import Count, Score
from scripts.evaluating.split import Part, admits, held_back, shares

# --- words ----------------------------------------------------------------------------------------


def recall(truth: str, text: str) -> float:
    expected = words.words(words.plain(truth))
    return words.found(expected, words.words(text)) / expected.total()


def test_words_are_compared_without_case_marks_and_order() -> None:
    assert recall("# The **Term**\n\n- begins `soon`", "soon begins THE term") == 1.0


def test_repetitions_count() -> None:
    assert recall("no no no yes", "no yes") == 0.5


def test_a_number_is_one_word_with_its_points() -> None:
    assert dict(words.words("1,234.50 in 2019.")) == {"1,234.50": 1, "in": 1, "2019": 1}
    assert recall("1,234", "1 234") == 0.0


def test_compatibility_letters_and_marks_are_the_same_words() -> None:
    assert recall("office caf\u00e9", "o\ufb03ce cafe\u0301") == 1.0


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ('[a *link*](http://x.y/z_(1) "t") here', "a link here"),
        ("[[1]](#cite_note-1) x", "1 x"),
        ("<!-- image -->\n\nBar chart\n\nend", "end"),
        ("Bar chart", "bar chart"),
        ("a&amp;b <b>c</b>", "a b c"),
        ("$$\\frac{n}{k}$$", "n k"),
        ("snake\\_case", "snake case"),
        ("| 2024-01-01 00:00:00 |", "2024 01 01"),
        ("| a | a | b |\n|---|---|---|\n| c | d | b |", "a b c d"),
    ],
)
def test_marks_of_markdown_are_no_words(markdown: str, expected: str) -> None:
    assert words.words(words.plain(markdown)) == words.words(expected)


def test_what_is_missing_is_named() -> None:
    assert words.missing(words.words("a a b"), words.words("b")) == ("a",)


# --- characters -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("truth", "text", "whole", "within"),
    [("kitten", "sitting", 3, 2), ("abc", "abc", 0, 0), ("abc", "", 3, 3), ("", "abc", 3, 0)],
)
def test_the_distance_of_two_texts(truth: str, text: str, whole: int, within: int) -> None:
    assert words.distance(truth, text) == whole
    assert words.distance(truth, text, within=True) == within


def test_a_line_is_found_wherever_it_stands() -> None:
    assert words.distance("TOTAL 9.50", "first line TOTAL 9.5O last", within=True) == 1


def test_case_blanks_leaders_and_our_own_marks_are_no_errors() -> None:
    assert words.characters("Term ...... 2 | 3\nend_") == "term23end_"


# --- tables ---------------------------------------------------------------------------------------

MARKDOWN = "| | Year ended | |\n|---|---|---|\n| | 2019 | 2018 |\n| Revenue | $100 | (9) |"


def report(heads: int = 2, first_column: int = 0) -> ParsedDocument:
    builder = DocumentBuilder("text/plain")
    number = builder.new_table()
    rows = [[("Year ended", 1)], [("2019", 1), ("2018", 2)]]
    rows.append([("Revenue", first_column), ("$100", 1), ("(9)", 2)])
    for at, row in enumerate(rows):
        builder.add_row([Entry(*cell) for cell in row], table=number, heads=at < heads)
    return builder.finish()


def test_the_cells_of_a_truth_have_the_lowest_head_and_a_label() -> None:
    (grid,) = tables.of_markdown(MARKDOWN)
    assert [dataclasses.astuple(cell) for cell in tables.wanted(grid)] == [
        ("revenue", "", ""),
        ("$100", "2019", "revenue"),
        ("(9)", "2018", "revenue"),
    ]


def test_a_cell_is_placed_only_under_its_head() -> None:
    (grid,) = tables.of_markdown(MARKDOWN)
    wanted = tables.wanted(grid)
    assert tables.matched(wanted, tables.held(report())) == (3, 3)
    assert tables.matched(wanted, tables.held(report(heads=0))) == (3, 1)
    assert tables.matched(wanted, []) == (0, 0)


def test_a_cell_of_the_document_is_used_once() -> None:
    twice = [tables.Wanted("7", "", ""), tables.Wanted("7", "", "")]
    assert tables.matched(twice, [tables.Held("7", frozenset(), "")]) == (1, 1)


def test_merged_cells_count_once() -> None:
    grid = [["a", "b", "c"], ["x", "m", "m"], ["x", "1", "2"]]
    assert [cell.text for cell in tables.wanted(grid)] == ["x", "1", "2"]  # two rows of heads
    grid = [["a", "b", "c"], ["x", "5", "5"], ["x", "1", "2"]]
    assert [cell.text for cell in tables.wanted(grid)] == ["x", "5", "1", "2"]


def test_tables_of_html_are_read_without_our_readers() -> None:
    source = "<p>a</p><table><tr><th>b<td>c</tr><tr><td>d</td><td><i>e</i> f</td></tr></table>"
    assert tables.of_html(source) == [[["b", "c"], ["d", "e f"]]]


# --- hostile files --------------------------------------------------------------------------------


def document(text: str, *flags: Flag) -> Read:
    return Read("a", ParsedDocument(text, (), "text/plain", flags=flags))


REFUSED = Read("a", failure=InputUnreadable("damaged"))
EMPTY = Read("a", failure=NoText("nothing"))
LOCKED = Read("a", failure=error_for(Outcome.NEEDS_PASSWORD))


@pytest.mark.parametrize(
    ("kind", "allowed", "forbidden"),
    [
        ("reject", [REFUSED], [document("x")]),
        ("reject_or_partial", [REFUSED, document("x")], [document("")]),
        ("needs_password", [LOCKED], [REFUSED, document("x")]),
        ("ingest_text_flag_active_content", [document("x", Flag.ACTIVE)], [document("x"), REFUSED]),
        ("ok", [document("x")], [REFUSED, EMPTY]),
        ("ok_no_external_access", [document("x"), EMPTY], [REFUSED]),
        ("any_safe", [document("x"), REFUSED], [document("")]),
    ],
)
def test_each_class_allows_its_endings(
    kind: str, allowed: list[Read], forbidden: list[Read]
) -> None:
    assert all(hostile.allowed(read, kind) for read in allowed)
    assert not any(hostile.allowed(read, kind) for read in forbidden)


def test_an_unknown_class_is_an_error() -> None:
    with pytest.raises(KeyError):
        hostile.allowed(REFUSED, "whatever")


# --- scores and the program -----------------------------------------------------------------------


def test_the_interval_holds_the_share_and_is_the_same_every_time() -> None:
    counts = [Count(str(n), n % 3, 2) for n in range(30)]
    made = score.share("p", "n", counts, 0.6)
    assert made.value == 0.5
    assert made.met is False
    assert made.low is not None
    assert made.high is not None
    assert made.low < 0.5 < made.high
    assert made == score.share("p", "n", counts, 0.6)
    assert score.interval(counts[:1]) == (None, None)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small folder of development data, with one document that is not as its reference says."""
    folder = tmp_path / "office_formats"
    (folder / "docs").mkdir(parents=True)
    rows = []
    for name, text, reference in (
        ("a.txt", "All of it.", "All of it."),
        ("b.md", "# One", "One two"),
    ):
        (folder / "docs" / name).write_text(text)
        (folder / f"{name}.md").write_text(reference)
        rows.append({"doc": f"docs/{name}", "format": name[-3:], "reference": f"{name}.md"})
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "hostile").mkdir()
    (tmp_path / "hostile" / "nothing.docx").write_bytes(b"")
    row = {"file": "nothing.docx", "what": "nothing", "expected": "reject"}
    (tmp_path / "hostile" / "manifest.jsonl").write_text(json.dumps(row) + "\n")
    return tmp_path


def test_the_real_reader_is_scored_and_what_is_missing_is_named(data: Path) -> None:
    result = reading.measure(data, Options(("formats", "tables", "coverage", "hostile"), readers=1))
    scores = {made.name: made for made in result.scores}
    assert scores["word recall, txt"].value == 1.0
    assert scores["word recall, .md"].value == 0.5
    assert scores["word recall, .md"].met is False
    assert scores["files that end as their class allows"].value == 1.0
    assert scores["files read, or refused with a reason"].value == 1.0
    notes = {d.document: d.notes for d in result.details if d.part == "formats"}
    assert notes["b.md"] == ("two",)


def test_parts_without_data_are_left_out(tmp_path: Path) -> None:
    assert (
        reading.measure(
            tmp_path, Options(("formats", "tables", "scans", "hostile"), readers=1)
        ).scores
        == ()
    )


def test_the_published_table_is_put_between_its_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = tmp_path / "figures.json"
    made = Score(
        "formats", "word recall, txt", 0.5, low=0.25, high=0.75, target=">= 0.97", met=False
    )
    record = {"machine": "here", "scores": [dataclasses.asdict(made)]}
    published.write_text(json.dumps({"reading": record}))
    monkeypatch.setattr(run, "PUBLISHED", published)
    before = "a\n<!-- reading -->\nold\n<!-- /reading -->\nz\n"
    after = run.with_scores(before, "reading")
    assert "| formats | word recall, txt | 0.500 (0.250 to 0.750) | >= 0.97 | **no** |" in after
    assert "old" not in after
    assert run.with_scores(after, "reading") == after
    assert run.with_scores("no marks", "reading") == "no marks"


def test_the_scores_on_the_page_are_the_ones_that_were_published() -> None:
    page = headlines.PAGE.read_text("utf-8")
    for name in run.SETS:
        assert f"<!-- {name} -->" in page
        assert run.with_scores(page, name) == page


def test_the_published_scores_meet_their_targets() -> None:
    if not run.PUBLISHED.exists():
        pytest.skip("nothing was published yet")
    scores = json.loads(run.PUBLISHED.read_text("utf-8"))["reading"]["scores"]
    assert [made["name"] for made in scores if made["met"] is False] == []


# --- halves ---------------------------------------------------------------------------------------


def test_half_of_the_documents_are_kept_aside() -> None:
    names = [f"{at}.pdf" for at in range(400)]
    held = [name for name in names if held_back(name)]
    assert 160 < len(held) < 240
    assert [n for n in names if admits(Part.HELD, n)] == held
    assert not {n for n in names if admits(Part.TUNE, n)} & set(held)
    assert all(admits(Part.ALL, name) for name in names)


def test_the_halves_stand_beside_the_whole_and_have_no_target() -> None:
    counts = [Count(f"{at}.pdf", at % 2, 1) for at in range(20)]
    whole, held, tuned = shares("part", "right", counts, 0.9)
    assert (whole.value, whole.met) == (0.5, False)
    assert (held.met, tuned.met) == (None, None)
    assert held.name == "right, held back"
    assert len(shares("part", "right", counts[:1])) == 1


def test_the_halves_of_a_score_share_its_row() -> None:
    counts = [Count(f"{at}.pdf", at % 2, 1) for at in range(20)]
    alone = Score("part", "of one half, held back", 0.25)
    shown = run.table([*shares("part", "right", counts, 0.4), alone], "here").splitlines()
    assert shown[2] == "| part | what | score | held back | tuned on | target | met | on |"
    rows = [line for line in shown if line.startswith("| part |")][1:]
    assert len(rows) == 2
    assert rows[0].startswith("| part | right | 0.500 (")
    assert rows[1].startswith("| part | of one half, held back | 0.250 |")


def test_a_store_is_made_anew_when_a_room_that_reads_changes() -> None:
    named = {workspace.ROOT / "appliance" / part for part in workspace.READ_BY}
    assert all(path.exists() for path in named)
    assert workspace.ROOT / "appliance" / "formats" in named
