"""Runs one of the comparisons and prints how many cases differ; see `scripts/compare`."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from appliance.access.policy import PolicySet
from tests.access import meaning
from tests.security import founded, guessing, revoking, shelves, worlds
from tests.security.revoking import stricter_than_shipped

ROOT = Path(__file__).resolve().parents[2]
LARGEST_WORLD = 10  # documents
REAL = 20  # one world in so many is founded for real
TELL_S = 30  # so often one is told how far it is
SIGNIFICANT = 0.01  # a difference of times that is less likely by chance is one


def main() -> int:
    """Compare, print, and say by the exit code whether all is well."""
    parser = argparse.ArgumentParser(prog="scripts/compare", description=__doc__)
    parser.add_argument("what", choices=sorted({**COMPARISONS, **WHOLE}))
    parser.add_argument("-n", "--cases", type=int, help="how many; usual: see above")
    parser.add_argument("--seed", type=int, default=0, help="of the first case")
    options = parser.parse_args()
    if options.what in WHOLE:
        told, well = WHOLE[options.what](options.cases, options.seed)
        print(f"{options.what}: {told}")
        return 0 if well else 1
    differs, usual = COMPARISONS[options.what]
    cases = options.cases or usual
    begun = time.monotonic()
    wrong = [seed for seed in _told(range(options.seed, options.seed + cases)) if differs(seed)]
    seconds = time.monotonic() - begun
    print(f"{options.what}: {cases} random cases, {len(wrong)} differences, {seconds:.0f} s")
    if wrong:
        print(f"seeds: {', '.join(map(str, wrong[:20]))}")
    return 1 if wrong else 0


def _policies() -> Callable[[int], bool]:
    shipped = PolicySet.load(ROOT / "policies")

    def differs(seed: int) -> bool:
        asked = meaning.drawn(random.Random(seed))  # noqa: S311 -- no secret
        (found,) = shipped.decide(asked.person, asked.action, [asked.resource], asked.purpose)
        return found.allow is not meaning.permits(asked)

    return differs


def _people(seed: int) -> bool:
    chance = random.Random(seed)  # noqa: S311 -- no secret
    full = worlds.drawn(chance, LARGEST_WORLD)
    lone = worlds.without_hidden(full)
    return list(worlds.observed(full, full)) != list(worlds.observed(lone, full))


def _revocation(cases: int | None, seed: int) -> tuple[str, bool]:
    """Many runs in which a document is taken away under load; the log says what was released."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="appliance-") as name:
        folder = Path(name)
        shelves.made(folder / "home")
        with shelves.opened(folder / "home") as premises:
            ground = revoking.Ground(premises, stricter_than_shipped(folder))
            seen = revoking.ran(ground, cases or 1000, seed)
    told = (
        f"{seen.runs} runs, {seen.released} results released while the document was there, "
        f"{seen.late} after it was taken away, {seen.stopped} requests under way got nothing, "
        f"other errors: {', '.join(sorted(set(seen.broken))) or 'none'}, "
        f"{time.monotonic() - begun:.0f} s"
    )
    return told, not seen.late and not seen.broken


def _timing(cases: int | None, seed: int) -> tuple[str, bool]:
    """Missing against forbidden: pairs of requests, every use case that takes a name or an id."""
    chance = random.Random(seed)  # noqa: S311 -- no secret
    with tempfile.TemporaryDirectory(prefix="appliance-") as name:
        shelves.made(Path(name))
        with shelves.opened(Path(name)) as premises:
            asked = guessing.guesses(premises, chance)
            each = -(-(cases or 10_000) // len(asked))
            found = [guessing.compared(guess, each, chance) for guess in asked]
    for one in found:
        print(
            f"  {one.name:20} hidden {one.hidden_ms:7.3f} ms, missing {one.missing_ms:7.3f} ms, "
            f"p {one.p:.3f}"
        )
    least = min(one.p for one in found)
    bound = SIGNIFICANT / len(found)  # as by Bonferroni: so many tests are made
    told = f"{each * len(found)} pairs, least p {least:.3f} of {len(found)}, bound {bound:.4f}"
    return told, least > bound


def _noninterference(cases: int | None, seed: int) -> tuple[str, bool]:
    """Worlds with and without what one may not know of; of each `REAL` one founded for real."""
    begun, wrong, real = time.monotonic(), [], 0
    for number in _told(range(seed, seed + (cases or 10_000))):
        if number % REAL:
            wrong += [number] * _people(number)
            continue
        real += 1
        world = worlds.drawn(random.Random(number), LARGEST_WORLD)  # noqa: S311 -- no secret
        with tempfile.TemporaryDirectory(prefix="appliance-", dir=_memory()) as name:
            homes = founded.founded(world, Path(name))
            asked = founded.references(world, homes[0])
            seen = [list(founded.seen(home, world, asked)) for home in homes]
        wrong += [number] * (seen[0] != seen[1])
    told = (
        f"{cases or 10_000} random worlds, {real} of them in a real store, {len(wrong)} differences"
        f"{': ' + ', '.join(map(str, wrong[:20])) if wrong else ''}, "
        f"{time.monotonic() - begun:.0f} s"
    )
    return told, not wrong


def _told(seeds: range) -> Iterator[int]:
    """The seeds; every `TELL_S` seconds it says how many are done, how fast, and the time left."""
    begun = last = time.monotonic()
    for done, seed in enumerate(seeds):
        now = time.monotonic()
        if done and now - last >= TELL_S:
            last, rate = now, done / (now - begun)
            left = (len(seeds) - done) / rate / 60
            print(
                f"  {done} of {len(seeds)}, {rate:.1f}/s, {left:.0f} min left",
                file=sys.stderr,
                flush=True,
            )
        yield seed


def _memory() -> str | None:
    """A folder in memory, where there is one: many small stores need no disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108


COMPARISONS: dict[str, tuple[Callable[[int], bool], int]] = {
    "policies": (_policies(), 100_000),
    "people": (_people, 10_000),
}

Whole = Callable[[int | None, int], tuple[str, bool]]  # cases, seed: what came of it, and if well
WHOLE: dict[str, Whole] = {
    "revocation": _revocation,
    "timing": _timing,
    "noninterference": _noninterference,
}

if __name__ == "__main__":
    sys.exit(main())
