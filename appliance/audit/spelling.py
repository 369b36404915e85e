"""The grammar of one line of the audit log, as a regular expression.

Everything that stands in clear is ASCII and needs no JSON escapes, so the lines of the log are a
regular language: one pattern says all that a line may be, and checking it costs a few
microseconds.  ``records`` writes lines that match it; ``verify`` accepts no others.  What it does
not say is the order of the few names inside ``mac`` and ``counts``; ``records.decode`` does.
"""

from __future__ import annotations

import re

LONGEST_WORD = 128  # characters of a single word in clear


def _several(item: str) -> str:
    return f"(?:{item}(?:,{item})*)?"


def _list(item: str) -> str:
    return rf"\[{_several(item)}\]"


def _object(value: str) -> str:
    member = rf'"[a-z][a-z_]{{0,31}}":{value}'
    return rf"\{{{_several(member)}\}}"


_LETTERS = r"[A-Za-z0-9_.,:/@+=-]"
_WORD = rf'"{_LETTERS}{{0,{LONGEST_WORD}}}"'
_SOME_WORD = rf'"{_LETTERS}{{1,{LONGEST_WORD}}}"'
_NUMBER = r"(?:0|[1-9][0-9]{0,14})"  # below 2^53, which every JSON reader keeps exactly
_ID = r'"[0-9a-f]{32}"'
_ID_OR_NONE = rf'(?:""|{_ID})'
_HASH_OR_NONE = r'"(?:|[0-9a-f]{64})"'

# In the order in which the keys stand in a line.
FIELDS = {
    "action": _SOME_WORD,
    "actor": rf'\{{"uid":{_NUMBER}\}}',
    "adapter": _WORD,
    "boot": _WORD,
    "code": r'"[0-9]{4}\.[a-z-]{1,24}"',
    "collection": _ID_OR_NONE,
    "decision": r'(?:null|\{"allow":(?:true|false),'
    rf'"policies":{_list(_SOME_WORD)},"policy_hash":{_WORD}\}})',
    "documents": _list(_ID),
    "id": r'"(?P<id>[0-9a-f]{32})"',
    "kind": r'"(?P<kind>intent|retrieval|outcome|admin|security|system)"',
    "mac": _object(r'"[0-9a-f]{64}"'),
    "model": _WORD,
    "mono_ns": r'"(?:0|[1-9][0-9]{0,18})"',
    "of": r'"(?P<of>|[0-9a-f]{32})"',
    "policy": _HASH_OR_NONE,
    "prev": r'"(?P<prev>[0-9a-f]{64})"',
    "prompt": _WORD,
    "purpose": _WORD,
    "result": rf'(?:null|\{{"counts":{_object(_NUMBER)},"error":{_WORD},"status":{_SOME_WORD}\}})',
    "root": r'"(?P<root>|[0-9a-f]{64})"',
    "sealed": r'"[A-Za-z0-9+/]*={0,2}"',
    "seq": rf"(?P<seq>{_NUMBER})",
    "time": r'"(?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z)"',
    "v": "2",
    "via": r'"[a-z]{0,16}"',
}

LINE = re.compile((r"\{" + ",".join(f'"{k}":{v}' for k, v in FIELDS.items()) + r"\}").encode())


def first_fault(values: dict[str, str]) -> str:
    """The first key whose spelled value does not fit the grammar, or nothing."""
    return next((key for key, form in FIELDS.items() if not re.fullmatch(form, values[key])), "")
