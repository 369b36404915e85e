"""Promise P3: what is hidden answers as what is not there, to the byte, and takes as long.

10,000 pairs on a quiet machine: `scripts/compare timing`.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import Desk
from tests.security.guessing import Guess, compared, guesses, p_value, told
from tests.security.shelves import made, opened


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Guess, ...]]:
    home = tmp_path_factory.mktemp("timing")
    made(home)
    with opened(home) as premises:
        yield guesses(premises, random.Random(0))  # noqa: S311 -- no secret


def test_missing_and_forbidden_are_told_alike(known: tuple[Guess, ...]) -> None:
    assert len(known) == 12
    for guess in known:
        said = {told(guess, reference) for reference in (*guess.hidden[:3], *guess.missing[:3])}
        assert len(said) == 1, (guess.name, said)
        ((_, message, remedy, code),) = said
        assert code == 7
        for reference in (*guess.hidden, *guess.missing):
            assert reference not in message + remedy


def test_no_clock_tells_them_apart(known: tuple[Guess, ...]) -> None:
    """A sample; differences of a millisecond would show."""
    chance = random.Random(1)  # noqa: S311 -- no secret
    for guess in known:
        for _ in range(3):  # a busy machine is no fault of the code
            found = compared(guess, 12, chance)
            if found.p > 0.001:
                break
        assert found.p > 0.001, found


def test_a_slower_answer_would_be_told_apart(known: tuple[Guess, ...]) -> None:
    """The control: one that takes a little longer where something is hidden is found."""
    usual = known[0]

    def slower(reference: str) -> object:
        if reference in usual.hidden:
            time.sleep(0.05)
        return usual.call(reference)

    guess = Guess("slower", slower, usual.hidden, usual.missing)
    found = (  # a busy machine, where calls take now 20 ms and now 200, needs more of them
        compared(guess, 12 << n, random.Random(n)).p  # noqa: S311 -- no secret
        for n in range(6)
    )
    assert any(p < 0.001 for p in found)


def test_p_is_that_of_the_books() -> None:
    assert p_value([1.0, 2.0, 3.0] * 9, [1.0, 2.0, 3.0] * 9) == 1.0
    assert p_value([float(n) for n in range(30)], [n + 30.0 for n in range(30)]) < 1e-9


@pytest.mark.parametrize(
    "words",
    [
        ("show", "{}"),
        ("list", "-c", "{}"),
        ("delete", "{}", "--yes"),
        ("search", "rent", "-c", "{}"),
        ("ask", "rent?", "-c", "{}"),
        ("ask", "rent?", "-d", "{}"),
        ("summarize", "{}"),
        ("extract", "{}", "-p", "legal/contract"),
        ("replay", "{}"),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_the_command_line_says_the_same_to_the_byte(desk: Desk, words: tuple[str, ...]) -> None:
    """The founder, after the matter was given to others and walled from the founder."""
    hide(desk.home)
    hidden, missing = (
        desk.run(*(word.format(name) for word in words)) for name in ("their matter", "none matter")
    )
    assert (hidden.code, hidden.out, hidden.err) == (missing.code, missing.out, missing.err)
    assert hidden.code == 7


def hide(home: Path) -> None:
    from appliance import config
    from appliance.app.premises import Premises
    from tests.conftest import PASSPHRASE
    from tests.security.shelves import put

    with Premises.open(config.load(home), PASSPHRASE) as premises:
        matter = premises.store.create_collection("their matter", "legal")
        put(premises, matter.id, "their matter", "The rent is 900.00.")
