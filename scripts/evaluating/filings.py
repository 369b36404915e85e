"""The part ``filings`` of the set ``extraction``: key figures of quarterly and annual reports.

No annotation says them, so they check each other, as XBRL does: assets are liabilities and equity;
a figure for a period must be the same in the report of that period and in a later one that shows it
for comparison; and numbers of reference answers to questions on a figure must hold it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import cast

from appliance.documents import DocumentId, ParsedDocument
from appliance.results import FieldValue
from appliance.tasks import calibration, cascade, packs, places, statements
from appliance.tasks.calibration import Calibration
from appliance.tasks.cascade import Tools
from appliance.tasks.packs import FieldType
from appliance.tasks.sheet import sheet
from scripts.evaluating import confined
from scripts.evaluating.by_rules import NoEngine, by_rules, nowhere
from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score
from scripts.evaluating.split import admits, held_back, shares
from scripts.evaluating.workspace import files, rows

PART = "filings"
PACK = "finance/filing"
# Questions on a figure, by their words.
TOPICS: Mapping[str, str] = {
    "revenue": r"\b(?:total net sales|total revenue)\b",
    "net_income": r"\bnet income\b",
    "operating_income": r"\boperating income\b",
}
_Key = tuple[str, str, str]  # company, field, period
_DOCUMENT = DocumentId("0" * 32)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of one report."""

    document: str
    field: str
    quote: str
    unit: str
    value: Decimal
    period: str
    current: bool
    score: float = 0.0  # of the rule that read it


def score(data: Path, options: Options) -> Result:
    """Read every report and its figures, and let them check each other."""
    folder = data / "finance_filings"
    chosen = [f for f in files(folder / "docs") if admits(options.part, f.name)]
    if not chosen:
        return Result()
    with confined.started(options.readers) as readers:
        reads = readers.read(chosen)
    found = {
        file.name: list(of_report(file.name, read.document)) if read.document else []
        for file, read in zip(chosen, reads, strict=True)
    }
    if options.calibrate:
        calibrate(found, calibration.FOLDER)
    covers = [
        Count(file.name, sum(_best(cover(file.name, read.document)).values()), 2)
        for file, read in zip(chosen, reads, strict=True)
        if read.document
    ]
    return result(found, list(questions(folder / "qa.jsonl")), covers)


def calibrate(found: Mapping[str, Sequence[Figure]], folder: Path) -> Calibration:
    """Write the data that ship: of the tuned half, the scores of figures that another report shows
    as well, and whether it agrees.
    """
    by_key = _by_key(found)
    pairs = [
        (min(figure.score, 1.0), figure.value in others)
        for name, figures in sorted(found.items())
        if not held_back(name)
        for figure in figures
        if (others := [v for n, v in by_key.get(_key(name, figure), {}).items() if n != name])
    ]
    data = Calibration(
        places.STATEMENTS,
        tuple(value for value, _ in pairs),
        tuple(right for _, right in pairs),
        "quarterly reports, the half for tuning; right: another report says the same",
    )
    (folder / f"{data.name}.json").write_text(calibration.dump(data), "utf-8")
    return data


def of_report(name: str, parsed: ParsedDocument) -> Iterator[Figure]:
    """The figures of one report by the pack's rules."""
    pack = packs.load(PACK)
    read = statements.figures(parsed, pack.fields)
    for field, values in places.by_place(parsed, _DOCUMENT, pack).items():
        if field in read:
            scores = [figure.score for figure in read[field]]
            yield from _figures(name, field, values, scores)


def _figures(
    name: str, field: str, values: Sequence[FieldValue], scores: Sequence[float]
) -> Iterator[Figure]:
    for value in values:
        for at, found in enumerate(value.values):
            match = re.fullmatch(
                r"(?:(?P<unit>\S+) )?(?P<value>-?[\d.]+)(?P<each>/share)?(?: (?P<period>\S+))?",
                found.normalised or "",
            )
            if match:
                yield Figure(
                    name,
                    field,
                    found.citation.quote,
                    f"{match['unit'] or ''}{match['each'] or ''}",
                    Decimal(match["value"]),
                    match["period"] or "",
                    at == 0,
                    scores[at],
                )


def cover(name: str, parsed: ParsedDocument) -> Iterator[tuple[str, float, bool]]:
    """Dates of the cover that its statements confirm: field, score of its rule, and whether the
    current figures end on that day, or the balance sheet is compared with it.
    """
    figures = list(of_report(name, parsed))
    ends = {
        "period_end": {f.period.split("/")[-1] for f in figures if f.current},
        "fiscal_year_end": {f.period for f in figures if f.field == "total_assets"},
    }
    pack = by_rules(PACK)
    chosen = replace(pack, fields=tuple(f for f in pack.fields if f.name in ends))
    for state in cascade.run(chosen, sheet(parsed), Tools(nowhere, NoEngine())):
        for score, candidate in state.weighed():
            yield state.field.name, score, candidate.normalised in ends[state.field.name]


def _best(proposed: Iterable[tuple[str, float, bool]]) -> dict[str, bool]:
    """Whether the first proposal of each field is right: they come best first."""
    first: dict[str, bool] = {}
    for field, _, right in proposed:
        first.setdefault(field, right)
    return first


def questions(file: Path) -> Iterator[tuple[str, frozenset[str], tuple[str, ...]]]:
    """The field a question is on, the numbers of its answer, and the reports it draws on."""
    for row in rows(file):
        said = str(row["question"]).lower()
        documents = row["doc"]
        names = (documents,) if isinstance(documents, str) else tuple(cast("list[str]", documents))
        numbers = frozenset(digits(str(n)) for n in cast("list[object]", row["answer_numbers"]))
        for field, words in TOPICS.items():
            if re.search(words, said) and numbers:
                yield field, numbers, names


def digits(text: str) -> str:
    """The digits of a number as it is printed."""
    return re.sub(r"\D", "", text)


def result(
    found: Mapping[str, Sequence[Figure]],
    asked: Sequence[tuple[str, frozenset[str], tuple[str, ...]]],
    covers: Sequence[Count] = (),
) -> Result:
    """Scores over the reports, and of each report what is missing."""
    wanted = [f.name for f in packs.load(PACK).fields if f.type is FieldType.FIGURE]
    names = sorted(found)
    held = [Count(name, len({f.field for f in found[name]}), len(wanted)) for name in names]
    whole = [
        Count(name, sum(bool(f.unit and f.period) for f in found[name]), len(found[name]))
        for name in names
    ]
    scores: list[Score] = [
        *shares(PART, "key figures found", held),
        *shares(PART, "figures with unit and period", [c for c in whole if c.total]),
        *shares(PART, "assets = liabilities + equity", [balance(n, found[n]) for n in names]),
        *_shared(PART, "the same in another report", repeated(found)),
        *_shared(PART, "dates of the cover confirmed by the statements", covers),
        *_shared(PART, "in the answers to questions on it", answered(found, asked)),
    ]
    details = [
        Detail(
            PART,
            name,
            (("found", float(len({f.field for f in found[name]}))),),
            tuple(f for f in wanted if f not in {g.field for g in found[name]}),
        )
        for name in names
    ]
    return Result(scores, details)


def _shared(part: str, name: str, counts: Sequence[Count]) -> list[Score]:
    return shares(part, name, counts) if counts else []


def balance(name: str, figures: Sequence[Figure]) -> Count:
    """For how many days the two sides of the balance sheet are equal."""
    days: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for figure in figures:
        if figure.field in {"total_assets", "total_liabilities", "equity"}:
            days[figure.period][figure.field] = figure.value
    full = [day for day in days.values() if len(day) == 3]
    even = sum(d["total_assets"] == d["total_liabilities"] + d["equity"] for d in full)
    return Count(name, even, max(len(days), 1))


def repeated(found: Mapping[str, Sequence[Figure]]) -> list[Count]:
    """Figures that another report of the same company shows for the same period, and how many
    agree; reports of one company share the last word of their names.
    """
    by_key = _by_key(found)
    agree: dict[str, list[bool]] = defaultdict(list)
    for values in by_key.values():
        for name, value in values.items():
            others = [other for there, other in values.items() if there != name]
            if others:
                agree[name].append(value in others)
    return [Count(name, sum(verdicts), len(verdicts)) for name, verdicts in sorted(agree.items())]


def _by_key(found: Mapping[str, Sequence[Figure]]) -> dict[_Key, dict[str, Decimal]]:
    """Values by company, field and period, then by report."""
    values: dict[_Key, dict[str, Decimal]] = defaultdict(dict)
    for name, figures in found.items():
        for figure in figures:
            if figure.period:
                values[_key(name, figure)][name] = figure.value
    return values


def _key(name: str, figure: Figure) -> _Key:
    return Path(name).stem.split()[-1], figure.field, figure.period


def answered(
    found: Mapping[str, Sequence[Figure]],
    asked: Sequence[tuple[str, frozenset[str], tuple[str, ...]]],
) -> list[Count]:
    """Of the reports that an answer draws on, in how many the answer names their current figure."""
    verdicts: dict[str, list[bool]] = defaultdict(list)
    for field, numbers, names in asked:
        for name in names:
            current = [f for f in found.get(name, ()) if f.field == field and f.current]
            if name in found:
                verdicts[name].append(any(digits(f.quote) in numbers for f in current))
    return [Count(name, sum(each), len(each)) for name, each in sorted(verdicts.items())]
