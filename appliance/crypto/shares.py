"""Key shares: a secret in words for several custodians, any k of which give it back (SLIP-39).

One group, no passphrase of its own: the secret is a random key, so there is nothing to stretch.
What is wrong with a share is said by its number and the position of the word, never by the word.
Not constant in time (pure Python); used only while a store is being opened or its shares are made.

Source: SatoshiLabs, SLIP-0039 "Shamir's Secret-Sharing for Mnemonic Codes".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, reduce

from shamir_mnemonic import (  # type: ignore[import-untyped]  # it has hints and no marker
    MnemonicError,
    Share,
    combine_mnemonics,
    generate_mnemonics,
)
from shamir_mnemonic.wordlist import WORDLIST  # type: ignore[import-untyped]  # as above

from appliance.errors import UsageError, WrongPassphrase

MOST_SHARES = 16  # SLIP-39 has four bits for it
WORDS = 33  # of a share of 32 bytes
_PREFIX = 4  # letters by which every word of the list is known
_CHECK_ROUNDS = 0  # exponent: the secret is random, so one guess need not be slow
_MAGIC: tuple[int, ...] = (
    *(0xE0E040, 0x1C1C080, 0x3838100, 0x7070200, 0xE0E0009),
    *(0x1C0C2412, 0x38086C24, 0x3090FC48, 0x21B1F890, 0x3F3F120),
)
_CUSTOM = b"shamir_extendable"
_OTHER_KIND = "it is no share of this kind"


@dataclass(frozen=True, slots=True, repr=False)
class Combined:
    """What enough shares of one set give; never shown by ``repr``."""

    secret: bytes
    identifier: int  # of the set, 15 bits
    threshold: int

    def __repr__(self) -> str:
        return "Combined(hidden)"


def split(secret: bytes, threshold: int, of: int) -> tuple[str, ...]:
    """``of`` shares of a 32-byte secret, 33 words each; ``threshold`` of them give it back.

    Raises:
        UsageError: fewer than 2, more than 16, or more needed than there are.
    """
    if not 2 <= threshold <= of <= MOST_SHARES:
        raise UsageError(
            "so many key shares are not possible",
            remedy=f"at least 2, at most {MOST_SHARES}, and no more needed than there are",
        )
    (made,) = generate_mnemonics(
        1, [(threshold, of)], secret, extendable=True, iteration_exponent=_CHECK_ROUNDS
    )
    return tuple(made)


def combine(shares: Sequence[str]) -> Combined:
    """The secret; more shares than needed are harmless; each is checked by itself.

    Raises:
        UsageError: a share is not whole, or one is given twice; named by number.
        WrongPassphrase: too few, or of different sets.
    """
    read = [share(words, number) for number, words in enumerate(shares, start=1)]
    if not read:
        raise WrongPassphrase("no key share was given", remedy="ask the custodians")
    _check_set(read)
    needed = read[0].member_threshold
    if len(read) < needed:
        raise WrongPassphrase(
            f"{len(read)} key shares of {needed} that are needed", remedy="ask another custodian"
        )
    try:
        secret = combine_mnemonics([one.mnemonic() for one in read[:needed]])
    except MnemonicError:
        raise _mixed(needed) from None
    return Combined(secret, read[0].identifier, needed)


def share(words: str, number: int) -> Share:
    """One share, checked by itself; ``number`` is its place among those given, from 1.

    A word may be given by its first four letters.

    Raises:
        UsageError: a word is none of the list, words are missing, or the checksum is wrong.
    """
    given = words.lower().split()
    known = _known()
    for at, word in enumerate(given, start=1):
        if word not in known:
            raise _bad(number, f"word {at} is none of the list")
    if len(given) != WORDS:
        raise _bad(number, f"{len(given)} words instead of {WORDS}")
    numbers = [known[word] for word in given]
    if (syndrome := _checksum(numbers) ^ 1) != 0:
        at = _wrong_word(syndrome)
        where = f"word {at} is wrong" if at else "several words are wrong, or their order"
        raise _bad(number, where)
    try:
        read = Share.from_mnemonic(" ".join(WORDLIST[index] for index in numbers))
    except MnemonicError:
        raise _bad(number, _OTHER_KIND) from None
    if read.group_count != 1:
        raise _bad(number, _OTHER_KIND)
    return read


def same(one: str, other: str) -> bool:
    """Whether two shares, both whole, are one.

    Raises:
        UsageError: one is not whole.
    """
    return bool(share(one, 1) == share(other, 1))


def _check_set(read: Sequence[Share]) -> None:
    first = read[0]
    for number, one in enumerate(read, start=1):
        if one.group_parameters() != first.group_parameters():
            raise WrongPassphrase(
                f"key share {number} is of another set than share 1",
                remedy="the number of the set stands on every share sheet",
            )
        for before, other in enumerate(read[: number - 1], start=1):
            if other.index == one.index:
                raise UsageError(
                    f"key shares {before} and {number} are the same", remedy="give each one once"
                )


@cache
def _known() -> dict[str, int]:
    """Number of every word, by the whole word and by its first letters."""
    numbers = {word: number for number, word in enumerate(WORDLIST)}
    return {word[:_PREFIX]: number for word, number in numbers.items()} | numbers


def _step(state: int, value: int) -> int:
    top, state = state >> 20, (state & 0xFFFFF) << 10 ^ value
    for bit, magic in enumerate(_MAGIC):
        state ^= magic if top >> bit & 1 else 0
    return state


def _checksum(numbers: Sequence[int]) -> int:
    """RS1024 over the words: 1 for a whole share."""
    return reduce(_step, [*_CUSTOM, *numbers], 1)


def _wrong_word(syndrome: int) -> int:
    """The position of the one wrong word that explains the checksum, or 0 where there is none.

    The code is linear with distance 4: a single wrong word has one place it can stand at, and
    what it does to the checksum is a sum of what its ten bits do.
    """
    bits = [1 << bit for bit in range(10)]
    for after in range(WORDS):
        reached = [0]
        for bit in bits:
            reached += [one ^ bit for one in reached]
        if syndrome in reached:
            return WORDS - after
        bits = [_step(bit, 0) for bit in bits]
    return 0


def _bad(number: int, what: str) -> UsageError:
    return UsageError(f"key share {number}: {what}", remedy="read it again from its sheet")


def _mixed(needed: int) -> WrongPassphrase:
    return WrongPassphrase(
        f"these {needed} key shares do not belong together",
        remedy="one of them is of another set with the same number",
    )
