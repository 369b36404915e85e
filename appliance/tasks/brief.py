"""What a reader asks of a summary: how long, how hard to read, in which sections."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from enum import StrEnum

from appliance.errors import UsageError


class Length(StrEnum):
    """How much of a document a summary may show."""

    SHORT = "short"
    MEDIUM = "medium"
    LONG = "long"


class Level(StrEnum):
    """For whom sentences are chosen; the words are the document's own in either case."""

    PLAIN = "plain"  # shorter sentences of more common words are preferred
    PROFESSIONAL = "professional"  # what carries the document is preferred, however it reads


# Words of a summary of a document of 2,000 words, and the share of a short document it may show.
_WORDS = {Length.SHORT: (150, 0.2), Length.MEDIUM: (400, 0.42), Length.LONG: (800, 0.7)}
VOTE = "vote"
_USUAL = 2000  # words; every tenfold adds as much again
_LEAST = 45  # words that even the shortest summary may take


@dataclass(frozen=True, slots=True)
class Brief:
    """The options of a summary; an empty template is chosen by the document."""

    length: Length = Length.MEDIUM
    level: Level = Level.PROFESSIONAL
    template: str = ""
    vote: bool = False  # the model is asked which sentences matter most

    def words(self, of: int) -> int:
        """How many words the summary of a document of ``of`` words may have."""
        usual, share = _WORDS[self.length]
        longest = usual * (1 + max(0.0, math.log10(max(of, 1) / _USUAL)))
        return max(_LEAST, round(min(longest, share * of)))

    def __str__(self) -> str:
        """What differs from the usual, such as "short, plain, contract"; empty: nothing."""
        length = "" if self.length is Length.MEDIUM else str(self.length)
        level = "" if self.level is Level.PROFESSIONAL else str(self.level)
        vote = VOTE if self.vote else ""
        return ", ".join(part for part in (length, level, vote, self.template) if part)

    @classmethod
    def parse(cls, text: str) -> Brief:
        """The options that ``str`` wrote.

        Raises:
            UsageError: there is no such option.
        """
        found = cls()
        for part in filter(None, (part.strip() for part in text.split(","))):
            if part in set(Length):
                found = replace(found, length=Length(part))
            elif part in set(Level):
                found = replace(found, level=Level(part))
            elif part == VOTE:
                found = replace(found, vote=True)
            elif re.fullmatch(r"[a-z][a-z0-9_]*", part) and not found.template:
                found = replace(found, template=part)
            else:
                raise UsageError(
                    "a summary has no such option", remedy="see `appliance summarize --help`"
                )
        return found
