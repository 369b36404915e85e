"""The few figures that lead the README, and every bound that is not met, out of what was published.

All of them stand in FIGURES.md, written by ``scripts/evaluate --publish`` and ``scripts/bench
--publish``; these are chosen here once and never typed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.benches.figure import Figure
from scripts.evaluating.score import Score, shown

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "FIGURES.md"
README = ROOT / "README.md"
BEGIN, END = "<!-- headlines -->", "<!-- /headlines -->"
SCORES, SPEEDS = "scripts/evaluating/figures.json", "scripts/benches/figures.json"

# set, part, name as published; what it means to somebody who has not read the code
QUALITY = (
    ("reading", "formats", "word recall, all", "words of office, web and text files that are read"),
    ("reading", "pdf", "words of pypdfium2, finance_filings", "words of annual reports in PDF"),
    ("reading", "coverage", "documents without unexplained loss", "documents fully accounted for"),
    ("retrieval", "clauses", "clause within 4000 characters, scoped", "of a clause, found to read"),
    ("answers", "legal", "right", "questions on contracts answered rightly"),
    ("answers", "legal", "wrong", "the same, answered wrongly"),
    ("answers", "legal", "answered though not there", "answered though the contract is silent"),
    ("answers", "tables", "exact match", "questions on tables of reports answered exactly"),
    ("answers", "tables", "wrong", "the same, answered wrongly"),
    ("extraction", "legal", "F1 of present or absent", "fields of contracts: F1"),
    ("extraction", "legal", "grounded verbatim", "values that are verbatim quotes"),
    ("extraction", "receipts", "entity F1", "fields of scanned receipts: F1"),
    ("summaries", "encounters", "ROUGE-1", "clinical summaries: ROUGE-1"),
    ("labels", "labels", "kind of document right", "kinds of documents told rightly"),
    ("injection", "injection", "instructions carried out", "instructions inside mails carried out"),
    ("replays", "replays", "results that come out the same", "results repeated byte for byte"),
)


def with_headlines(readme: str) -> str:
    """The README with the chosen figures and the missed bounds between its two marks."""
    before, rest = readme.split(BEGIN)
    return f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}"


def table() -> str:
    """Both lists as Markdown."""
    lines = ["| what | figure | held back | on |", "|---|---|---|---|", *_quality(), ""]
    missed = tuple(_missed())
    lines.append("Bounds that were set and are not met:" if missed else "No bound is missed.")
    return "\n".join([*lines, *([""] if missed else []), *missed])


def _quality() -> Iterator[str]:
    published = json.loads((ROOT / SCORES).read_text("utf-8"))
    for group, part, name, words in QUALITY:
        scores = {(s["part"], s["name"]): s for s in published[group]["scores"]}
        score = Score(**scores[part, name])
        held = scores.get((part, f"{name}, held back"))
        beside = f"{held['value']:.3f}" if held else ""
        yield f"| {words} | {shown(score)} | {beside} | {score.on} |"


def _missed() -> Iterator[str]:
    for group in json.loads((ROOT / SCORES).read_text("utf-8")).values():
        for one in map(_score, group["scores"]):
            if one.met is False:
                yield f"- {one.part}, {one.name}: {shown(one)}, wanted {one.target} ({one.on})"
    for raw in json.loads((ROOT / SPEEDS).read_text("utf-8"))["figures"]:
        figure = Figure(**raw)
        if figure.met is False:
            value = f"{figure.value:.3g} {figure.unit}"
            yield f"- {figure.stage}, {figure.name}: {value}, wanted {figure.target} ({figure.on})"


def _score(raw: dict[str, Any]) -> Score:
    return Score(**raw)


def publish() -> None:
    """Write them into the README."""
    README.write_text(with_headlines(README.read_text("utf-8")), "utf-8")
