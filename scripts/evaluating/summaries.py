"""Summaries: overlap with those of experts, what stands in the source, what is represented.

encounters  transcripts of visits against the notes that experts wrote of them
sections    short transcripts against one section of such a note
contracts   clauses that lawyers marked, and what of the document is represented
filings     time, length and what of the document is represented
planted     a sentence planted at several depths of contracts: shown, or its section reported
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from appliance.documents import ParsedDocument
from appliance.results import Summary
from appliance.tasks.drugs import drugs
from scripts.evaluating import workspace
from scripts.evaluating.options import Options
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.rouge import Rouge, rouge, words
from scripts.evaluating.score import Count, Score
from scripts.evaluating.split import admits, shares

NAMES = ("encounters", "sections", "contracts", "filings", "planted")
ROUGE_1 = 0.35  # at least, on encounters
MOST_SECONDS = 30.0  # of one filing on two cores
DEPTHS = (0.1, 0.3, 0.5, 0.7, 0.9)  # of what is planted
PLANTED_IN = 4  # contracts
FACT = "The Halvorsen reserve of ${amount} shall be released to the Buyer on March {day}, 2031."
SHARED = 8  # words in a row that a statement and a marked clause share

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"(?<![.!?:]\s)(?<!^)\b[A-Z][a-z]+\b")


@dataclass(frozen=True, slots=True)
class Made:
    """One summary, its source, and what it cost."""

    name: str  # of the file
    source: ParsedDocument
    summary: Summary
    seconds: float
    tokens: int

    @property
    def text(self) -> str:
        """What it says, without its headings."""
        return " ".join(statement.text for statement in self.summary.statements)


def measure(data: Path, options: Options) -> Result:
    """All parts that are asked for and for which there are documents."""
    with tempfile.TemporaryDirectory() as scratch:
        folders = {
            part: folder
            for part, folder in _folders(data, Path(scratch)).items()
            if options.wants(part) and folder.is_dir()
        }
        if not folders:
            return Result()
        result = Result()
        named = {f"{_COLLECTIONS[part]}_{part}": folder for part, folder in folders.items()}
        with workspace.opened(named, options) as space:
            for part in folders:
                made = _made(space, f"{_COLLECTIONS[part]}_{part}", options)
                result += _PARTS[part](data, made)
        return result


_COLLECTIONS = {
    "encounters": "clinical",
    "sections": "clinical",
    "contracts": "legal",
    "filings": "finance",
    "planted": "legal",
}


def _folders(data: Path, scratch: Path) -> dict[str, Path]:
    """The documents of each part; transcripts and planted files are written for the occasion."""
    for row in workspace.rows(data / "clinical_notes" / "mts_sections.jsonl"):
        (scratch / "sections").mkdir(exist_ok=True)
        name = f"section_{row['id']}.txt"
        (scratch / "sections" / name).write_text(str(row["dialogue"]), "utf-8")
    for file in sorted((data / "legal_contracts" / "text").glob("*.txt"))[:PLANTED_IN]:
        (scratch / "planted").mkdir(exist_ok=True)
        for at, depth in enumerate(DEPTHS):
            name = f"{at}_{file.name}"
            text = planted(file.read_text("utf-8"), depth, fact(at))
            (scratch / "planted" / name).write_text(text, "utf-8")
    return {
        "encounters": data / "clinical_notes" / "dialogues",
        "sections": scratch / "sections",
        "contracts": data / "legal_contracts" / "docs",
        "filings": data / "finance_filings" / "docs",
        "planted": scratch / "planted",
    }


def fact(at: int) -> str:
    """What is planted at the depth of this number."""
    return FACT.format(amount=f"{4_815_162 + 1_111 * at:,}", day=11 + at)


def planted(text: str, depth: float, sentence: str) -> str:
    """The text with a sentence behind the full stop next to a depth, as a share of its length."""
    ends = [match.end() for match in re.finditer(r"[a-z]\.\s", text)] or [len(text)]
    end = min(ends, key=lambda place: abs(place - depth * len(text)))
    return f"{text[:end]}{sentence} {text[end:]}"


def _made(space: workspace.Workspace, folder: str, options: Options) -> list[Made]:
    made = []
    for key, document in sorted(space.documents.items()):
        collection, _, name = key.partition("/")
        if collection != folder or not admits(options.part, name):
            continue
        questions = space.app.questions
        begun, tokens = time.monotonic(), questions.tokens
        _, summary, _ = questions.summarize(document.id)
        seconds, spent = time.monotonic() - begun, questions.tokens - tokens
        made.append(Made(name, space.app.warm.parsed(document.id), summary, seconds, spent))
    return made


def _encounters(data: Path, made: Sequence[Made]) -> Result:
    references = {
        Path(str(row["doc"])).name: str(row["reference"])
        for row in workspace.rows(data / "clinical_notes" / "summaries.jsonl")
    }
    return _against("encounters", made, references, ROUGE_1)


def _sections(data: Path, made: Sequence[Made]) -> Result:
    references = {
        f"section_{row['id']}.txt": str(row["section_text"])
        for row in workspace.rows(data / "clinical_notes" / "mts_sections.jsonl")
    }
    return _against("sections", made, references, None)


def _against(
    part: str, made: Sequence[Made], references: Mapping[str, str], least: float | None
) -> Result:
    measured = {m.name: rouge(m.text, references[m.name]) for m in made if m.name in references}
    measures: Mapping[str, Callable[[Rouge], float]] = {
        "ROUGE-1": lambda r: r.one,
        "ROUGE-2": lambda r: r.two,
        "ROUGE-L": lambda r: r.longest,
    }
    scores: list[Score] = []
    for name, of in measures.items():
        counts = [Count(document, of(found), 1) for document, found in measured.items()]
        scores += shares(part, name, counts, least if name == "ROUGE-1" else None)
    details = [_detail(part, m, measured.get(m.name)) for m in made]
    return Result([*scores, *_grounded(part, made), *_cost(part, made)], details)


def _contracts(data: Path, made: Sequence[Made]) -> Result:
    clauses: dict[str, list[list[str]]] = {}
    for row in workspace.rows(data / "legal_contracts" / "fields.jsonl"):
        evidence = row.get("evidence")
        found = evidence.values() if isinstance(evidence, dict) else ()
        clauses[str(row["doc"])] = [
            [str(piece["text"]) for piece in each] for each in found if each
        ]
    counts = []
    for m in made:
        marked = clauses.get(m.name, [])
        shown = sum(any(shares_words(m.text, text) for text in texts) for texts in marked)
        counts.append(Count(m.name, shown, len(marked)))
    scores = shares("contracts", "kinds of clauses that lawyers marked, shown", counts)
    whole = [*scores, *_grounded("contracts", made), *_represented("contracts", made)]
    return Result([*whole, *_cost("contracts", made)], [_detail("contracts", m) for m in made])


def _filings(_: Path, made: Sequence[Made]) -> Result:
    scores = [*_grounded("filings", made), *_represented("filings", made)]
    scores += _cost("filings", made, MOST_SECONDS)
    return Result(scores, [_detail("filings", m) for m in made])


def _planted(_: Path, made: Sequence[Made]) -> Result:
    shown, said = [], []
    for m in made:
        amount = fact(int(m.name.split("_", maxsplit=1)[0])).split()[4]
        in_summary = amount in m.text
        place = m.source.text.find(amount)
        reported = any(
            not section.represented and section.span.begin <= place < section.span.end
            for section in m.summary.sections
        )
        shown.append(Count(m.name, in_summary, 1))
        said.append(Count(m.name, in_summary or reported, 1))
    scores = shares("planted", "planted sentences shown", shown)
    scores += shares("planted", "planted sentences shown, or their section reported", said)
    return Result(scores, [_detail("planted", m) for m in made])


_PARTS: Mapping[str, Callable[[Path, Sequence[Made]], Result]] = {
    "encounters": _encounters,
    "sections": _sections,
    "contracts": _contracts,
    "filings": _filings,
    "planted": _planted,
}


def _grounded(part: str, made: Sequence[Made]) -> list[Score]:
    """What stands in its evidence, held against the source without the product's own checks."""
    evidence = [
        Count(m.name, sum(map(stands, _quotes(m))), len(m.summary.statements)) for m in made
    ]
    right = [
        Count(
            m.name,
            sum(not strange(s.text, m.source.text) for s in m.summary.statements),
            len(m.summary.statements),
        )
        for m in made
    ]
    return [
        *shares(part, "statements with evidence", evidence, 1.0),
        *shares(part, "statements without a number, name or drug of their own", right, 1.0),
    ]


def _quotes(made: Made) -> list[tuple[str, list[str]]]:
    """Each statement with those of its quotes that stand where they say they do."""
    text = made.source.text
    return [
        (s.text, [c.quote for c in s.citations if c.span.of(text) == c.quote])
        for s in made.summary.statements
    ]


def stands(statement: tuple[str, list[str]]) -> bool:
    """Whether the letters of a statement stand in its quotes, in order; "Q:" and "A:" are marks."""
    text, quotes = statement
    if len(quotes) == 2:
        text = text.removeprefix("Q: ").replace(" A: ", " ", 1)
    there = iter("".join(_letters(quote) for quote in quotes))
    return bool(quotes) and all(letter in there for letter in _letters(text))


def strange(statement: str, source: str) -> list[str]:
    """Numbers, names and drugs of a statement that its source does not hold."""
    numbers = set(_NUMBER.findall(source))
    known = {word.casefold() for word in re.findall(r"[^\W\d_]+", source)}
    found = [number for number in _NUMBER.findall(statement) if number not in numbers]
    found += [name for name in _NAME.findall(statement) if name.casefold() not in known]
    named = [span.of(statement) for span in drugs(statement)]
    return found + [name for name in named if name.casefold() not in source.casefold()]


def shares_words(one: str, two: str) -> bool:
    """Whether two texts share a run of words, or the shorter one whole."""
    made, wanted = words(one), words(two)
    size = min(SHARED, len(wanted))
    runs = {tuple(made[at : at + size]) for at in range(len(made) - size + 1)}
    return size > 0 and any(
        tuple(wanted[at : at + size]) in runs for at in range(len(wanted) - size + 1)
    )


def _represented(part: str, made: Sequence[Made]) -> list[Score]:
    sections = [
        Count(m.name, sum(s.represented for s in m.summary.sections), len(m.summary.sections))
        for m in made
    ]
    pages = [Count(m.name, len(_pages(m)), m.source.pages or 1) for m in made]
    return [
        *shares(part, "sections represented", sections),
        *shares(part, "pages with a statement", pages),
    ]


def _pages(made: Made) -> set[int]:
    return {c.page or 1 for s in made.summary.statements for c in s.citations}


def _cost(part: str, made: Sequence[Made], most: float | None = None) -> list[Score]:
    if not made:
        return []
    number = len(made)
    slowest = max(made, key=lambda m: m.seconds)
    target = "" if most is None else f"<= {most:g}"
    met = None if most is None else slowest.seconds <= most
    return [
        Score(part, "words of a summary", sum(len(m.text.split()) for m in made) / number, "words"),
        Score(part, "time of a document", sum(m.seconds for m in made) / number, "s"),
        Score(
            part, "the slowest", slowest.seconds, "s", target=target, met=met, on=slowest.name[:40]
        ),
        Score(part, "tokens of a document", sum(m.tokens for m in made) / number, "tokens"),
        Score(part, "statements dropped", sum(m.summary.dropped for m in made), "statements"),
    ]


def _detail(part: str, made: Made, against: Rouge | None = None) -> Detail:
    figures = [
        ("seconds", round(made.seconds, 2)),
        ("tokens", float(made.tokens)),
        ("statements", float(len(made.summary.statements))),
        ("words", float(len(made.text.split()))),
        ("dropped", float(made.summary.dropped)),
        ("parts asked", float(made.summary.windows)),
    ]
    if against is not None:
        figures += [
            ("rouge 1", against.one),
            ("rouge 2", against.two),
            ("rouge l", against.longest),
        ]
    wrong = [w for s in made.summary.statements for w in strange(s.text, made.source.text)]
    return Detail(part, made.name, tuple(figures), (made.summary.template, *wrong))


def _letters(text: str) -> str:
    return "".join(char for char in text if char.isalnum())
