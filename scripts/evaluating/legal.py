"""The part ``legal`` of the set ``extraction``: the pack legal/contract on CUAD's contracts."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from appliance.documents import ParsedDocument
from appliance.tasks import calibration, packs
from appliance.tasks.confidence import scale
from appliance.tasks.extract import Tried
from appliance.tasks.packs import CascadeStep, FieldType, Pack, StepName
from scripts.evaluating import contract_fit, contract_scores, workspace
from scripts.evaluating.contract_fit import Case
from scripts.evaluating.contract_scores import Cost
from scripts.evaluating.contracts import (
    CATEGORIES,
    Annotated,
    Compact,
    Row,
    annotated,
    compared,
    covered,
)
from scripts.evaluating.options import Options
from scripts.evaluating.result import Result
from scripts.evaluating.split import admits, held_back
from scripts.evaluating.workspace import Workspace

FOLDER = "legal_contracts"
PACK = "legal/contract"
_OPEN = math.nan  # a confidence that no field reaches and none falls short of: every step is taken


def score(data: Path, options: Options) -> Result:
    """Every contract through the pipeline; with ``calibrate``, weights and calibration first."""
    wanted = [row for row in workspace.rows(data / FOLDER / "fields.jsonl") if row]
    with workspace.opened({FOLDER: data / FOLDER / "docs"}, options) as work:
        if options.calibrate:
            calibrate(work, [row for row in wanted if not held_back(str(row["doc"]))])
        rows: list[Row] = []
        costs: list[Cost] = []
        for row in wanted:
            if admits(options.part, str(row["doc"])):
                of_contract, cost = _measured(work, row)
                rows += of_contract
                costs.append(cost)
    return Result(contract_scores.scores(rows, costs), contract_scores.details(rows, costs))


def calibrate(work: Workspace, wanted: Sequence[Mapping[str, object]]) -> None:
    """Write what ships: ``clauses-legal`` and ``fields-legal``, from these contracts."""
    pack = everything(packs.load(PACK))
    clauses: list[Case] = []
    values: list[Case] = []
    for row in wanted:
        tried = _tried(work, str(row["doc"]), pack)
        for kind, case in cases(tried, row):
            (clauses if kind is FieldType.CLAUSE else values).append(case)
    source = f"CUAD contracts, tuned half; {work.model.name}"
    for name, found, names in (
        ("clauses-legal", clauses, contract_fit.CLAUSES),
        ("fields-legal", values, contract_fit.VALUES),
    ):
        fitted = contract_fit.fitted(name, source, found, names)
        (calibration.FOLDER / f"{name}.json").write_text(calibration.dump(fitted), "utf-8")
    scale.cache_clear()


def everything(pack: Pack) -> Pack:
    """The pack with a cascade in which no field settles before the model was asked."""
    steps = (StepName.PATTERN, StepName.SEARCH, StepName.MODEL)
    fields = tuple(replace(field, cascade=()) for field in pack.fields)
    return replace(pack, cascade=tuple(CascadeStep(s, _OPEN) for s in steps), fields=fields)


def cases(tried: Tried, row: Mapping[str, object]) -> Iterator[tuple[FieldType, Case]]:
    """Every candidate of every field, and whether it stands where the annotation does."""
    of_field = {f: a for a in annotated(row) for f in CATEGORIES[a.category]}
    reading = Compact(tried.parsed.text)
    for state in tried.states:
        wanted = of_field.get(state.field.name)
        if wanted is None:
            continue
        there = covered(place for text in wanted.texts for place in reading.places(text))
        for candidate in state.proposal.candidates:
            shown = covered([reading.stretch(candidate.span.begin, candidate.span.end)])
            case = Case(str(row["doc"]), state.field.name, candidate.facts, bool(shown & there))
            yield state.field.type, case


def _measured(work: Workspace, row: Mapping[str, object]) -> tuple[list[Row], Cost]:
    name = str(row["doc"])
    document = work.documents[f"{FOLDER}/{name}"]
    tokens, begun = work.app.questions.tokens, time.monotonic()
    _, fields, _ = work.app.questions.extract(document.id, PACK)
    seconds = time.monotonic() - begun
    parsed: ParsedDocument = work.parsed(FOLDER, name)
    found = {field.name: field for field in fields}
    wanted: Sequence[Annotated] = annotated(row)
    spent = work.app.questions.tokens - tokens
    cost = Cost(name, len(parsed.text), round(seconds, 2), spent)
    return [compared(name, category, found, parsed) for category in wanted], cost


def _tried(work: Workspace, name: str, pack: Pack) -> Tried:
    return work.app.questions.weigh(work.documents[f"{FOLDER}/{name}"].id, pack)
