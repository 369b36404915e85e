"""The set ``replays``: answers, fields and summaries made twice; the second must be the first.

Between the two, other work goes through the engine, so that its caches hold other things.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score, share
from scripts.evaluating.workspace import Workspace, opened, rows

NAMES = ("replays",)
FOLDERS = ("emails", "legal_contracts", "finance_tables")
QUESTIONS = 26  # of each folder
EXTRACTED = {"legal_contracts": "legal/contract", "emails": "finance/invoice"}
DOCUMENTS = 8  # of each folder whose fields are extracted, and that are summarised
SUMMARISED = 6
WANTED = 1.0


def measure(data: Path, options: Options) -> Result:
    """Make results, then repeat every one of them."""
    folders = {name: data / name / "docs" for name in FOLDERS if (data / name / "docs").is_dir()}
    if not folders:
        return Result()
    with opened(folders, options) as workspace:
        made = [result for name in folders for result in _made(workspace, data, name) if result]
        played = [workspace.app.questions.replay(result) for result in made]
    counts = [Count(one.result, float(one.same), 1) for one in played]
    score: Score = share("replays", "results that come out the same", counts, WANTED)
    details = [Detail("replays", one.result, (), one.changes) for one in played if one.changes]
    return Result([score], details)


def _made(workspace: Workspace, data: Path, folder: str) -> Iterator[str]:
    """Ids of results; empty where nothing was looked at."""
    questions = workspace.app.questions
    known = workspace.documents
    for row in islice(rows(data / folder / "qa.jsonl"), QUESTIONS):
        document = known.get(f"{folder}/{row['doc']}")
        if document is not None:
            yield questions.ask(str(row["question"]), (), document.id)[2]
    names = sorted(name for name in known if name.startswith(f"{folder}/"))
    for name in names[:DOCUMENTS] if folder in EXTRACTED else ():
        yield questions.extract(known[name].id, EXTRACTED[folder])[2]
    for name in names[-SUMMARISED:] if folder == "emails" else ():
        yield questions.summarize(known[name].id)[2]
