"""English words that carry no meaning of their own: they are not searched for."""

from __future__ import annotations

_STOPWORDS = """a about above after again all also am an and any are as at be because been before
being below between both but by can could did do does doing down during each either few for from
further had has have having he her here hers herself him himself his how i if in into is it its
itself just let me more most my no nor not now of off on once only or other our out over own per
same shall she should so some such than that the their them then there these they this those
through to too under until up upon us very was we were what when where whether which while who
whom whose why will with would you your hereby herein hereof hereto hereunder thereof therein such
said"""
# Words that say that a question is about a document, or how to put the answer.
_FRAME = """agreement amount answer clause consider contract describe detail details discuss
document explain file find give highlight include included includes including letter list long many
mention mentioned much multiple name note paragraph please provide provided provision
provisions record regarding related report reviewed section show specific specified
summarize summarise tell text value values lawyer analyze analyse"""

STOPWORDS = frozenset(_STOPWORDS.split())
FRAME_WORDS = frozenset(_FRAME.split())
