"""Files made to hurt a reader (``tests/formats/bombs.py``): how each of them ends.

Every bomb has to end in text or in a reason within `hostile.MOST_SECONDS`, with the reader within
its memory, the same reader process afterwards, and nothing of this machine in what was read.
"""

from __future__ import annotations

from appliance.config import ReaderSettings
from appliance.errors import InputUnreadable
from appliance.sandbox.server import ReaderServer
from scripts.evaluating import confined, hostile
from scripts.evaluating.memory import Watch
from scripts.evaluating.result import Detail, Result
from scripts.evaluating.score import Count, Score, share
from tests.formats.bombs import BOMBS, Make

OF_THE_MACHINE = "root:"  # in the file that some of them try to bring in


def score(readers: confined.Readers) -> Result:
    """Every bomb, its parts and its pictures aside."""
    ended = readers.every(list(BOMBS.items()), _ended)
    counts = [Count(detail.document, len(detail.notes) == 1, 1) for detail in ended]
    slowest = max(ended, key=lambda detail: dict(detail.figures)["seconds"])
    largest = max(ended, key=lambda detail: dict(detail.figures)["MiB"])
    seconds, memory = dict(slowest.figures)["seconds"], dict(largest.figures)["MiB"]
    scores = [
        share("bombs", "files that end in text or in a reason", counts, 1.0),
        Score(
            "bombs",
            "the slowest",
            seconds,
            "s",
            target=f"<= {hostile.MOST_SECONDS:.0f}",
            met=seconds <= hostile.MOST_SECONDS,
            on=slowest.document,
        ),
        Score("bombs", "the most memory above the idle reader", memory, "MiB", on=largest.document),
    ]
    return Result(scores, ended)


def _ended(server: ReaderServer, bomb: tuple[str, Make]) -> Detail:
    name, make = bomb
    data = make()
    process = server.pid
    with Watch(process or 0) as watch:
        read = confined.read(server, data, name)
    spent = read.seconds + read.scan_seconds
    ending = read.failure.message if read.failure else "read"
    figures = (("seconds", round(spent, 2)), ("MiB", round(watch.peak - watch.idle)))
    faults = [
        what
        for what, wrong in {
            "slow": spent > hostile.MOST_SECONDS,
            "too much memory": watch.peak > 2 * watch.idle + ReaderSettings().memory_mib,
            "the reader did not survive": server.pid != process,
            "not in a reason": not isinstance(read.failure, InputUnreadable | None),
            "success without text": hostile.silent(read),
            "something of this machine": OF_THE_MACHINE in read.text,
        }.items()
        if wrong
    ]
    return Detail("bombs", name, (*figures, ("characters", len(read.text))), (ending, *faults))
