"""The fault harness itself: it reads strace's lines, and it notices what is lost."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from scripts.faulting import double, papers, power, run, tracing
from scripts.faulting.state import State
from scripts.faulting.tracing import Point
from scripts.faulting.trials import Found, spread

DESK = Path("/t/desk")
LINES = """\
7 openat(AT_FDCWD</t>, "/t/desk/home/a", O_WRONLY|O_CREAT, 0600) = 3</t/desk/home/a>
7 write(3</t/desk/home/a>, ""..., 10) = 10
7 write(3</t/desk/home/a>, ""..., 10 <unfinished ...>
8 write(3</t/desk/home/a>, ""..., 10) = 10
7 <... write resumed>) = 10
7 rename("/t/desk/home/a", "/t/desk/home/b") = 0
7 openat(AT_FDCWD</t>, "/usr/lib/x.so", O_RDONLY) = 4
7 openat(AT_FDCWD</t>, "/t/in/one.txt", O_RDONLY) = 4</t/in/one.txt>
7 write(2</t/desk/printed>, ""..., 5) = 5
7 +++ exited with 0 +++
"""
STATE = State(("d",), ("f",), ("t", "t"), ("r",), ("p",), (), 2)


def test_points_are_the_calls_on_watched_paths() -> None:
    points, hidden = tracing.points(LINES, DESK, [DESK / "home", Path("/t/in")])
    assert points == [
        Point("/t/in/one.txt", "openat", 1),
        Point("home/a", "openat", 1),
        Point("home/a", "rename", 1),
        Point("home/a", "write", 1),
        Point("home/a", "write", 2),
    ]
    assert hidden == 1, "thread 8's only write is struck together with thread 7's first"


def order(*lines: str) -> list[str]:
    """What a power cut could take after these calls on a desk whose store is there already."""
    log = "\n".join(f"7 {line}" for line in lines)
    there = {"home", "home/store", "home/store/objects", "home/audit/log/0.jsonl", "out"}
    return power.problems(list(tracing.calls(log)), DESK, there)


def called(name: str, path: str, rest: str = "") -> str:
    return f'{name}(3</t/desk/{path}>{rest}, ""..., 1) = 1'


OPENED = 'openat(AT_FDCWD</t>, "/t/desk/home/store/objects/.new-1", O_CREAT, 0600) = 3'
RENAMED = 'rename("/t/desk/home/store/objects/.new-1", "/t/desk/home/store/objects/a") = 0'
NEW, WAL = "home/store/objects/.new-1", "home/store/catalogue.db-wal"
DURABLE = (OPENED, called("write", NEW), called("fsync", NEW), RENAMED)
FOLDER = called("fsync", "home/store/objects")
COMMIT = (called("pwrite64", WAL), called("fsync", WAL))


def test_what_is_durable_in_its_order_is_taken_by_no_power_cut() -> None:
    record = (
        called("write", "home/audit/log/0.jsonl"),
        called("fdatasync", "home/audit/log/0.jsonl"),
    )
    result = (called("write", "out/r"), called("fsync", "out/r"))
    assert order(*DURABLE, FOLDER, *COMMIT, *record, *result) == []


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ((OPENED, called("write", NEW), RENAMED, FOLDER), "name before its content"),
        ((*DURABLE, *COMMIT, FOLDER), "is not durable when a row"),
        (DURABLE, "the name of home/store/objects/a is not durable in the end"),
        ((called("write", "home/audit/log/0.jsonl"), *COMMIT), "is not durable when a row"),
        ((called("pwrite64", WAL), called("write", "out/r")), "is not durable when a result"),
        ((called("write", "out/r"),), "the content of out/r is not durable in the end"),
    ],
)
def test_what_a_power_cut_could_take_is_said(lines: tuple[str, ...], said: str) -> None:
    assert any(said in problem for problem in order(*lines))


def test_a_strike_names_path_call_and_number() -> None:
    point = Point("home/a", "write", 2)
    assert tracing.striking(point, "EIO", DESK) == [
        *("-P", "/t/desk/home/a", "-e", "inject=write:error=EIO:when=2")
    ]
    assert "signal=KILL" in tracing.striking(point, "KILL", DESK)[-1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"documents": ()}, ["documents: missing d"]),
        ({"tasks": ("t",)}, ["tasks: missing t"]),
        ({"results": ("r", "r")}, ["results: too much r"]),
        ({"files": ("g",)}, ["files: missing f", "files: too much g"]),
        ({"problems": ("torn",)}, ["torn"]),
        ({"acts": 9}, []),
    ],
)
def test_a_loss_is_noticed(change: dict[str, object], said: list[str]) -> None:
    assert STATE.differences(STATE) == []
    assert replace(STATE, **change).differences(STATE) == said  # type: ignore[arg-type]


def test_the_double_copies_from_the_text_or_takes_the_first_choice() -> None:
    asked = {"messages": [{"content": "<text>\none two\nthree four five six seven\n</text>\n\nq?"}]}
    spans = {"structured_outputs": {"grammar": "start: SPAN_0 | OPTION_0\nOPTION_0: /no/\n"}}
    choice = {"structured_outputs": {"grammar": "start: OPTION_0\nOPTION_0: /a\\u{20}b/\n"}}
    assert double.said({**asked, **spans}) == "one two three four five six"
    assert double.said({**asked, **choice}) == "a b"
    status, models = double.reply("/v1/models", {})
    assert (status, json.loads(models)["data"][0]["id"]) == (200, double.MODEL)


def test_documents_are_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / name).mkdir()
        papers.write_many(tmp_path / name, 10, seed)
    contents = [
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "abc"
    ]
    assert contents[0] == contents[1] != contents[2]
    assert len(contents[0]) == 10
    assert len(set(contents[0].values())) == 9, "one repeats another"


def test_workers_share_the_items_and_their_faults_are_errors(tmp_path: Path) -> None:
    draw = random.Random(1)  # noqa: S311 -- no secret
    items = [draw.randint(0, 99) for _ in range(7)]
    found = spread(items, 2, lambda worker, item: [Found("n", str(item), (f"{worker}",))], tmp_path)
    assert sorted(int(one.where) for one in found) == sorted(items)
    assert {one.violations for one in found} == {("0",), ("1",)}
    with pytest.raises(RuntimeError, match="ZeroDivisionError"):
        spread(items, 2, lambda worker, item: [Found("n", str(item // 0))], tmp_path)


def test_without_strace_the_way_to_get_it_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run.main(["matrix"]) == run.NO_STRACE
    assert "apt-get install strace" in capsys.readouterr().err
