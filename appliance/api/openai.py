"""Questions and answers in the form of the OpenAI API, so that clients made for it can ask here.

Pure: request bodies to questions, answers to bodies.  The last message of the user is the
question; nothing else of a conversation is looked at, and sampling parameters have no meaning
here.  Which documents are asked stands in the model's name, ``appliance/COLLECTION``, or in an
extra field ``appliance`` of the request::

    {"model": "appliance/Smith v. Jones", "messages": [{"role": "user", "content": "Who ...?"}]}
    {"model": "appliance", "messages": [...], "appliance": {"collections": ["a", "b"],
     "document": "3fa1", "max_risk": 0.1, "purpose": "TREATMENT"}}

Each citation stands in ``message.annotations`` as a ``url_citation`` whose address names a
document of this store and leads nowhere else; the field ``appliance`` of the answer holds the
answer as the appliance's own interface gives it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from appliance import __version__
from appliance.app.work.report import place, visible
from appliance.documents import Citation, Collection, DocumentId
from appliance.errors import NotFound, UsageError
from appliance.plain import Plain, to_plain
from appliance.results import Answer, Status

MODEL = "appliance"
LONGEST_QUESTION = 20_000  # characters
_IN = f"{MODEL}/"
_NOT_OFFERED = ("tools", "functions", "tool_choice", "audio", "modalities", "logprobs")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One question as a request puts it."""

    question: str
    model: str
    collections: tuple[str, ...] = ()
    document: str | None = None
    max_risk: float | None = None
    purpose: str = ""
    stream: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """One answer as the appliance gave it."""

    answer: Answer
    names: Mapping[DocumentId, str]
    result: str


def wanted(untrusted_body: bytes, purpose: str = "") -> Wanted:
    """The question in a request's body.

    Args:
        untrusted_body: JSON.
        purpose: of use, from a header; the body's own comes first.

    Raises:
        UsageError: it is no such request, or asks for what is not offered here.
        NotFound: the model is none of this appliance's.
    """
    try:
        body = json.loads(untrusted_body)
    except (ValueError, RecursionError):
        raise _wrong("the body is no JSON object") from None
    if not isinstance(body, dict):
        raise _wrong("the body is no JSON object")
    for name in _NOT_OFFERED:
        if body.get(name):
            raise _wrong(f"`{name}` is not offered here")
    if body.get("n", 1) != 1:
        raise _wrong("there is one answer to a question: `n` is 1")
    own = body.get("appliance", {})
    if not isinstance(own, dict):
        raise _wrong("`appliance` is an object")
    model = _text(body, "model")
    return Wanted(
        question=_question(body.get("messages")),
        model=model,
        collections=_collections(own, model),
        document=_text(own, "document") or None,
        max_risk=_share(own.get("max_risk")),
        purpose=_text(own, "purpose") or purpose,
        stream=body.get("stream") is True,
    )


def models(collections: Sequence[Collection]) -> Plain:
    """The list of models: the appliance, and one for each collection that the caller may know."""
    return {"object": "list", "data": [model(MODEL), *(model(_IN + c.name) for c in collections)]}


def model(name: str) -> Plain:
    """One model of the list."""
    return {"id": name, "object": "model", "created": 0, "owned_by": MODEL}


def completion(asked: Wanted, given: Given, created: int) -> Plain:
    """The whole answer.  ``created``: seconds since 1970."""
    content, annotations = written(given)
    message: Plain = {
        "role": "assistant",
        "content": content,
        "refusal": None,
        "annotations": annotations,
    }
    choice: Plain = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {
        **_head(asked, given, created, "chat.completion"),
        "choices": [choice],
        "appliance": _own(given),
    }


def chunks(asked: Wanted, given: Given, created: int) -> Iterator[Plain]:
    """The answer in the pieces of a stream; the annotations and all else come with the last."""
    content, annotations = written(given)
    head = _head(asked, given, created, "chat.completion.chunk")

    def piece(delta: dict[str, Plain], reason: str | None) -> dict[str, Plain]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    yield piece({"role": "assistant", "content": ""}, None)
    for line in content.splitlines(keepends=True):
        yield piece({"content": line}, None)
    yield {**piece({"annotations": annotations}, "stop"), "appliance": _own(given)}


def written(given: Given) -> tuple[str, list[Plain]]:
    """The answer in words with numbered evidence below it, and each number as an annotation.

    Indices of annotations count code points of the text.
    """
    text, found = "", list[tuple[Citation, int, int]]()
    if given.answer.status is Status.NOT_STATED:
        return "The documents do not say.", []
    if given.answer.status is Status.CONFLICTING:
        text = "The documents say different things:\n"
    for statement in given.answer.statements:
        text += visible(statement.text)
        for citation in statement.citations:
            mark = f" [{len(found) + 1}]"
            found.append((citation, len(text) + 1, len(text) + len(mark)))
            text += mark
        text += "\n"
    evidence = _evidence(given, [citation for citation, _, _ in found])
    return f"{text}\n{evidence}".rstrip("\n"), [_annotation(given, *one) for one in found]


def _evidence(given: Given, citations: Sequence[Citation]) -> str:
    said = {visible(statement.text) for statement in given.answer.statements}
    lines = []
    for number, citation in enumerate(citations, 1):
        quote = visible(citation.quote)
        words = "" if quote in said else f"“{quote}” "
        where = f"{visible(given.names.get(citation.document, ''))}, {place(citation)}"
        lines.append(f"[{number}] {words}{where}")
    return "\n".join(lines)


def _annotation(given: Given, citation: Citation, begin: int, end: int) -> Plain:
    page = f"&page={citation.page}" if citation.page else ""
    span = f"char={citation.span.begin},{citation.span.end}"
    return {
        "type": "url_citation",
        "url_citation": {
            "url": f"appliance:{citation.document}#{span}{page}",
            "title": visible(given.names.get(citation.document, "")),
            "start_index": begin,
            "end_index": end,
        },
    }


def _own(given: Given) -> Plain:
    names: Plain = {str(document): name for document, name in given.names.items()}
    return {"answer": to_plain(given.answer), "names": names, "result": given.result}


def _head(asked: Wanted, given: Given, created: int, kind: str) -> dict[str, Plain]:
    return {
        "id": f"chatcmpl-{given.result or created}",
        "object": kind,
        "created": created,
        "model": asked.model,
        "system_fingerprint": f"{MODEL}-{__version__}",
    }


def _question(untrusted: object) -> str:
    for message in reversed(untrusted if isinstance(untrusted, list) else []):
        if isinstance(message, dict) and message.get("role") == "user":
            text = _content(message.get("content")).strip()
            if not text or len(text) > LONGEST_QUESTION:
                raise _wrong(f"a question has 1 to {LONGEST_QUESTION} characters")
            return text
    raise _wrong("`messages` holds no message of the user")


def _content(untrusted: object) -> str:
    if isinstance(untrusted, str):
        return untrusted
    parts = untrusted if isinstance(untrusted, list) else [None]
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    if len(texts) < len(parts) or not all(isinstance(text, str) for text in texts):
        raise _wrong("a question is text; documents are taken in by `appliance ingest`")
    return "\n".join(map(str, texts))


def _collections(own: Mapping[str, object], name: str) -> tuple[str, ...]:
    named = own.get("collections", own.get("collection", []))
    listed = [named] if isinstance(named, str) else named
    if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
        raise _wrong("`collections` is a list of names")
    if name.startswith(_IN):
        return (name.removeprefix(_IN), *listed)
    if name != MODEL:
        raise NotFound("there is no such model", remedy="see /v1/models")
    return tuple(listed)


def _share(untrusted: object) -> float | None:
    if untrusted is None:
        return None
    if isinstance(untrusted, bool) or not isinstance(untrusted, int | float):
        raise _wrong("`max_risk` is a number from 0 to 1")
    if not 0 <= untrusted <= 1:
        raise _wrong("`max_risk` is a number from 0 to 1")
    return float(untrusted)


def _text(body: Mapping[str, object], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str):
        raise _wrong(f"`{name}` is text")
    return value


def _wrong(why: str) -> UsageError:
    return UsageError(f"this request cannot be answered: {why}", remedy="see the README")
