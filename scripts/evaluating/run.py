"""Runs one set of evaluations and prints one table; ``--json FILE`` keeps it with every document.

``--publish`` keeps the scores in ``scripts/evaluating/figures.json`` and writes the table into
README.md between the marks of the set, where it has them.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from pathlib import Path

from appliance import offline
from scripts.benches.run import machine
from scripts.evaluating import reading
from scripts.evaluating.score import Score

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "scripts" / "evaluating" / "figures.json"
SAMPLES = ROOT / "tests" / "samples"
SETS = {"reading": reading}


def main() -> int:
    """Evaluate, print, write; 1 where a target is not met."""
    parser = argparse.ArgumentParser(prog="scripts/evaluate", description=__doc__)
    parser.add_argument("set", choices=sorted(SETS))
    parser.add_argument("--data", type=Path, metavar="DIR", default=SAMPLES)
    parser.add_argument("--only", action="append", default=[], metavar="PART")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--publish", action="store_true", help="into README.md; every part")
    parser.add_argument("--readers", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    chosen = SETS[options.set]
    unknown = set(options.only) - set(chosen.NAMES)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; {', '.join(chosen.NAMES)}")
    if not options.data.is_dir():
        parser.error(f"no such folder: {options.data}")
    offline.apply(os.environ)
    result = chosen.measure(options.data.resolve(), options.only, options.readers)
    record = {
        "set": options.set,
        "machine": machine(),
        "scores": [dataclasses.asdict(score) for score in result.scores],
    }
    print(table(result.scores, machine()))
    if options.json:
        details = [dataclasses.asdict(detail) for detail in result.details]
        options.json.write_text(json.dumps({**record, "documents": details}, indent=1), "utf-8")
    if options.publish:
        publish(record, options.set)
    return int(any(score.met is False for score in result.scores))


def publish(record: dict[str, object], name: str) -> None:
    """Keep the scores of one set, and show them in the README."""
    kept = json.loads(PUBLISHED.read_text("utf-8")) if PUBLISHED.exists() else {}
    PUBLISHED.write_text(json.dumps({**kept, name: record}, indent=1) + "\n", "utf-8")
    readme = ROOT / "README.md"
    readme.write_text(with_scores(readme.read_text("utf-8"), name), "utf-8")


def with_scores(readme: str, name: str) -> str:
    """The README with the published scores of a set between its marks, as it is without them."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if begin not in readme or not PUBLISHED.exists():
        return readme
    record = json.loads(PUBLISHED.read_text("utf-8"))[name]
    shown = table([Score(**score) for score in record["scores"]], record["machine"])
    before, rest = readme.split(begin)
    return f"{before}{begin}\n{shown}\n{end}{rest.split(end)[1]}"


def table(scores: list[Score] | tuple[Score, ...], where: str) -> str:
    """The scores as a Markdown table, as the README shows it."""
    lines = [
        f"Measured on {where}. In brackets: where 95 % of the scores of resampled documents lie."
    ]
    lines += ["", "| part | what | score | target | met | on |", "|---|---|---|---|---|---|"]
    for s in scores:
        met = "" if s.met is None else ("yes" if s.met else "**no**")
        lines.append(f"| {s.part} | {s.name} | {_shown(s)} | {s.target} | {met} | {s.on} |")
    return "\n".join(lines)


def _shown(score: Score) -> str:
    if score.unit != "share":
        return (
            f"{score.value:,.3g} {score.unit}"
            if score.value < 100
            else f"{score.value:,.0f} {score.unit}"
        )
    between = "" if score.low is None else f" ({score.low:.3f} to {score.high:.3f})"
    return f"{score.value:.3f}{between}"


if __name__ == "__main__":
    sys.exit(main())
