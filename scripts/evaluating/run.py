"""Runs sets of evaluations and prints one table; ``--json FILE`` keeps it with every document.

``--publish`` keeps the scores in ``scripts/evaluating/figures.json``, writes the table into
FIGURES.md between the marks of each set, and the few that lead into README.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from appliance import offline
from scripts import headlines
from scripts.benches.run import machine
from scripts.evaluating.options import KEPT, Options
from scripts.evaluating.result import Result
from scripts.evaluating.score import Score, shown
from scripts.evaluating.split import Part

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "scripts" / "evaluating" / "figures.json"
SAMPLES = ROOT / "tests" / "samples"
HELD, TUNED = ", held back", ", tuned on"  # ends of the names of a score's two halves
SETS = (
    "reading",
    "retrieval",
    "labels",
    "injection",
    "replays",
    "extraction",
    "answers",
    "summaries",
)  # each a module of this folder with NAMES and measure(data, options)


def main() -> int:
    """Evaluate, print, write; 1 where a target is not met."""
    options, asked = _asked()
    offline.apply(os.environ)
    met = True
    kept = []
    for name in asked.sets or SETS:
        begun = time.monotonic()
        result: Result = importlib.import_module(f"scripts.evaluating.{name}").measure(
            asked.data.resolve(), options
        )
        seconds = time.monotonic() - begun
        record: dict[str, object] = {
            "set": name,
            "machine": machine(),
            "scores": [dataclasses.asdict(score) for score in result.scores],
        }
        print(f"## {name} ({seconds:.0f} s)\n\n{table(result.scores, machine())}\n", flush=True)
        details = [dataclasses.asdict(detail) for detail in result.details]
        kept.append({**record, "seconds": round(seconds), "documents": details})
        if asked.publish:
            publish(record, name)
        met = met and not any(score.met is False for score in result.scores)
    if asked.json:
        asked.json.write_text(json.dumps(kept, indent=1), "utf-8")
    return int(not met)


def _asked() -> tuple[Options, argparse.Namespace]:
    parser = argparse.ArgumentParser(prog="scripts/evaluate", description=__doc__)
    parser.add_argument("sets", nargs="*", metavar="SET", help=f"of {', '.join(SETS)}; none: all")
    parser.add_argument("--data", type=Path, metavar="DIR", default=SAMPLES)
    parser.add_argument("--only", action="append", default=[], metavar="PART")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--publish", action="store_true", help="into FIGURES.md; every part")
    parser.add_argument("--readers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--model", type=Path, metavar="DIR", help="another language model")
    parser.add_argument("--engine", type=Path, metavar="SOCKET", help="one that runs already")
    parser.add_argument("--part", type=Part, choices=list(Part), default=Part.ALL)
    parser.add_argument("--keep", type=Path, metavar="DIR", default=KEPT, help="for the stores")
    parser.add_argument("--calibrate", action="store_true", help="write the figures that ship")
    asked = parser.parse_args()
    if unknown := set(asked.sets) - set(SETS):
        parser.error(f"no such set: {', '.join(sorted(unknown))}; {', '.join(SETS)}")
    names = {part for name in asked.sets or SETS for part in _parts(name)}
    if unknown := set(asked.only) - names:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; {', '.join(sorted(names))}")
    if not asked.data.is_dir():
        parser.error(f"no such folder: {asked.data}")
    options = Options(
        only=tuple(asked.only),
        readers=asked.readers,
        model=asked.model,
        engine=asked.engine,
        part=asked.part,
        keep=asked.keep.resolve(),
        calibrate=asked.calibrate,
    )
    return options, asked


def _parts(name: str) -> tuple[str, ...]:
    parts: tuple[str, ...] = importlib.import_module(f"scripts.evaluating.{name}").NAMES
    return parts


def publish(record: dict[str, object], name: str) -> None:
    """Keep the scores of one set, and show them."""
    kept = json.loads(PUBLISHED.read_text("utf-8")) if PUBLISHED.exists() else {}
    PUBLISHED.write_text(json.dumps({**kept, name: record}, indent=1) + "\n", "utf-8")
    page = headlines.PAGE
    page.write_text(with_scores(page.read_text("utf-8"), name), "utf-8")
    headlines.publish()


def with_scores(page: str, name: str) -> str:
    """The page with the published scores of a set between its marks, as it is without them."""
    begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if begin not in page or not PUBLISHED.exists():
        return page
    record = json.loads(PUBLISHED.read_text("utf-8"))[name]
    shown = table([Score(**score) for score in record["scores"]], record["machine"])
    before, rest = page.split(begin)
    return f"{before}{begin}\n{shown}\n{end}{rest.split(end)[1]}"


def table(scores: Sequence[Score], where: str) -> str:
    """The scores as a Markdown table."""
    lines = [
        f"Measured on {where}. In brackets: where 95 % of the scores of resampled documents lie."
    ]
    wholes = {(s.part, s.name) for s in scores}
    halves = {
        (s.part, s.name): s
        for s in scores
        if ((s.part, s.name.removesuffix(HELD)) in wholes and s.name.endswith(HELD))
        or ((s.part, s.name.removesuffix(TUNED)) in wholes and s.name.endswith(TUNED))
    }
    heads = ["part", "what", "score", *(["held back", "tuned on"] if halves else [])]
    heads += ["target", "met", "on"]
    lines += ["", f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for s in scores:
        if (s.part, s.name) in halves:
            continue
        parted = [halves.get((s.part, s.name + half)) for half in (HELD, TUNED)] if halves else []
        met = "" if s.met is None else ("yes" if s.met else "**no**")
        cells = [s.part, s.name, shown(s), *(f"{p.value:.3f}" if p else "" for p in parted)]
        lines.append(f"| {' | '.join([*cells, s.target, met, s.on])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
