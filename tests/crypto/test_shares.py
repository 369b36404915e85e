"""Key shares: what opens, what does not, and how what is wrong is named without being shown."""

from __future__ import annotations

from itertools import combinations

import pytest
from shamir_mnemonic import generate_mnemonics  # type: ignore[import-untyped]  # no marker
from shamir_mnemonic.wordlist import WORDLIST  # type: ignore[import-untyped]

from appliance.crypto import shares
from appliance.errors import UsageError, WrongPassphrase

SECRET = bytes(range(32))
MADE = shares.split(SECRET, 3, 5)


@pytest.mark.parametrize(("needed", "of"), [(2, 2), (2, 3), (3, 5), (5, 5), (2, 16)])
def test_every_subset_that_is_large_enough_opens_and_no_other(needed: int, of: int) -> None:
    made = shares.split(SECRET, needed, of)
    assert len(set(made)) == of
    opened = [shares.combine(some) for some in combinations(made, needed)]
    assert {one.secret for one in opened} == {SECRET}
    assert {one.threshold for one in opened} == {needed}
    for some in combinations(made, needed - 1):
        with pytest.raises(WrongPassphrase, match=f"{needed - 1} key shares of {needed}"):
            shares.combine(some)


def test_order_does_not_matter_and_more_than_enough_is_harmless() -> None:
    assert shares.combine(MADE[::-1]).secret == shares.combine(MADE[1:4]).secret == SECRET


@pytest.mark.parametrize(("needed", "of"), [(1, 3), (0, 2), (4, 3), (2, 17), (-1, 5)])
def test_impossible_sets_are_not_made(needed: int, of: int) -> None:
    with pytest.raises(UsageError, match="not possible"):
        shares.split(SECRET, needed, of)


def test_a_word_may_be_given_by_four_letters_and_in_any_case() -> None:
    short = [" ".join(word[:4].upper() for word in one.split()) for one in MADE[:3]]
    assert shares.combine(short).secret == SECRET


def test_a_word_that_is_none_is_named_by_share_and_position_and_not_shown() -> None:
    words = MADE[1].split()
    words[6] = "Confidential"
    with pytest.raises(UsageError) as caught:
        shares.combine([MADE[0], " ".join(words), MADE[2]])
    assert caught.value.message == "key share 2: word 7 is none of the list"
    assert "onfidential" not in caught.value.message + caught.value.remedy


@pytest.mark.parametrize("at", [0, 3, 17, 32])
def test_one_listed_word_that_is_wrong_is_found_by_the_checksum(at: int) -> None:
    words = MADE[0].split()
    words[at] = WORDLIST[WORDLIST.index(words[at]) ^ 341]
    with pytest.raises(UsageError) as caught:
        shares.share(" ".join(words), 4)
    assert caught.value.message == f"key share 4: word {at + 1} is wrong"


def test_two_words_that_are_exchanged_are_an_error_without_a_place() -> None:
    words = MADE[0].split()
    at = next(at for at in range(8, 31) if words[at] != words[at + 1])
    words[at], words[at + 1] = words[at + 1], words[at]
    with pytest.raises(UsageError, match="several words are wrong, or their order"):
        shares.share(" ".join(words), 1)


@pytest.mark.parametrize("count", [0, 1, 20, 32, 34])
def test_missing_words_are_counted(count: int) -> None:
    words = (MADE[0].split() * 2)[:count]
    with pytest.raises(UsageError, match=f"{count} words instead of 33"):
        shares.share(" ".join(words), 1)


def test_shares_of_two_sets_and_the_same_share_twice_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    numbers = iter((77, 78))  # drawn, they are the same once in 32,768 times
    monkeypatch.setattr("shamir_mnemonic.shamir._random_identifier", lambda: next(numbers))
    one, other = shares.split(SECRET, 3, 5), shares.split(SECRET, 3, 5)
    with pytest.raises(WrongPassphrase, match="key share 3 is of another set than share 1"):
        shares.combine([*one[:2], other[4]])
    with pytest.raises(UsageError, match="key shares 1 and 2 are the same"):
        shares.combine([MADE[0], MADE[0], MADE[1]])
    with pytest.raises(WrongPassphrase, match="no key share"):
        shares.combine([])


def test_two_sets_with_the_same_number_do_not_belong_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The number has 15 bits; where two sets share it, the digest inside the secret tells."""
    monkeypatch.setattr("shamir_mnemonic.shamir._random_identifier", lambda: 77)
    one, two = shares.split(SECRET, 3, 5), shares.split(SECRET, 3, 5)
    with pytest.raises(WrongPassphrase, match="do not belong together"):
        shares.combine([one[0], one[1], two[2]])


def test_shares_of_several_groups_are_another_kind() -> None:
    groups = generate_mnemonics(2, [(2, 3), (2, 3)], SECRET, iteration_exponent=0)
    with pytest.raises(UsageError, match="no share of this kind"):
        shares.combine(groups[0][:2])


def test_nothing_of_the_secret_is_shown() -> None:
    assert repr(shares.combine(MADE[:3])) == "Combined(hidden)"
