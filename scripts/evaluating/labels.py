"""The set ``labels``: the kind of a document, told from its folder, against the kind that is given.

No labelled tones, intents or routes are at hand: of them only how often they are given is shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from appliance.results import FieldValue, Status
from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score, share
from scripts.evaluating.split import shares
from scripts.evaluating.workspace import Workspace, opened

NAMES = ("labels",)
PACK = "general/labels"
FOLDERS = {  # folder of documents, and what they are
    "legal_contracts/docs": "contract",
    "finance_filings/docs": "filing",
    "finance_tables/docs": "financial statement",
    "clinical_notes/notes": "clinical note",
    "medical_abstracts/docs": "study",
    "emails/docs": "mail",
}
LEAST_RIGHT = 0.85
MOST_WRONG = 0.05


def measure(data: Path, options: Options) -> Result:
    """Label every document of the folders that are there."""
    folders = {
        folder.split("/")[0]: data / folder for folder in FOLDERS if (data / folder).is_dir()
    }
    if not folders:
        return Result()
    kinds = {folder.split("/")[0]: kind for folder, kind in FOLDERS.items()}
    with opened(folders, options) as workspace:
        found = {place: _labelled(workspace, place) for place in sorted(workspace.documents)}
    said = {place: fields.get("kind") for place, fields in found.items()}
    values = {place: kind.normalised if kind else None for place, kind in said.items()}
    truth = {place: kinds[_folder(place)] for place in said}
    right = [_count(p, value == truth[p]) for p, value in values.items()]
    wrong = [_count(p, value not in {None, truth[p]}) for p, value in values.items()]
    scores = [*shares("labels", "kind of document right", right, LEAST_RIGHT), _most(wrong)]
    return Result([*scores, *_given(found)], list(_details(said)))


def _labelled(workspace: Workspace, place: str) -> dict[str, FieldValue]:
    fields = workspace.app.questions.extract(workspace.documents[place].id, PACK)[1]
    return {field.name: field for field in fields if field.status is Status.FOUND}


def _folder(place: str) -> str:
    return place.split("/", 1)[0]


def _count(place: str, hit: bool) -> Count:
    return Count(place.split("/", 1)[1], float(hit), 1)


def _most(counts: list[Count]) -> Score:
    score = share("labels", "kind of document wrong", counts)
    return Score(
        score.part, score.name, score.value, low=score.low, high=score.high,
        target=f"<= {MOST_WRONG:g}", met=score.value <= MOST_WRONG, on=score.on,
    )  # fmt: skip


def _given(found: dict[str, dict[str, FieldValue]]) -> Iterator[Score]:
    for name in ("intent", "sentiment", "moderation", "routing"):
        counts = [_count(place, name in fields) for place, fields in found.items()]
        yield share("labels", f"{name}: given", counts)


def _details(said: dict[str, FieldValue | None]) -> Iterator[Detail]:
    for place, kind in said.items():
        yield Detail("labels", place, (), (str(kind.normalised) if kind else "not stated",))
