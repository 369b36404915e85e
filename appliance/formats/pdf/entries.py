"""What people wrote on a PDF page: comments, notes and stamps, and what stands in form fields.

PDFium lays these over the page, so they are not part of its text.  Each becomes a line of its own
with the place where it stands.  Fields are asked through PDFium's form environment; this build of
it has no script engine, so nothing that a form would run is run.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import numpy as np
from pypdfium2 import raw

from appliance.formats.pdf.words import Upright

MOST_ENTRIES = 20_000  # of one page
LONGEST_ENTRY = 1_000_000  # characters
MOST_OPTIONS = 10_000  # of one list

_PLAIN = {raw.FPDF_ANNOT_LINK, raw.FPDF_ANNOT_POPUP}  # a link's text is the page's; a popup's its
_SHOWN = {raw.FPDF_ANNOT_FREETEXT, raw.FPDF_ANNOT_STAMP, raw.FPDF_ANNOT_WATERMARK}
_PLAYED = {
    raw.FPDF_ANNOT_SOUND,
    raw.FPDF_ANNOT_MOVIE,
    raw.FPDF_ANNOT_SCREEN,
    raw.FPDF_ANNOT_THREED,
    raw.FPDF_ANNOT_RICHMEDIA,
}
_UNSEEN = raw.FPDF_ANNOT_FLAG_HIDDEN | raw.FPDF_ANNOT_FLAG_NOVIEW
_FIELDS = {raw.FPDF_ANNOT_WIDGET, raw.FPDF_ANNOT_XFAWIDGET}


class State(Enum):
    """What came of an entry."""

    READ = auto()  # also where nothing was written in it
    PLAYED = auto()  # sound or moving pictures
    DRAWN = auto()  # it shows something, and no text of it is known
    DAMAGED = auto()


@dataclass(frozen=True, slots=True)
class EntryFound:
    """One annotation or form field; ``text`` is empty where nothing was written."""

    text: str
    box: tuple[float, float, float, float]  # on the upright page
    state: State = State.READ
    unseen: bool = False  # the file says that it is not to be shown
    acts: bool = False  # a script hangs on the field
    carries: bool = False  # a file is attached to it


def count(page: Any) -> int:
    """How many entries a page has, counted without reading them."""
    total = 0
    for at in range(min(raw.FPDFPage_GetAnnotCount(page), MOST_ENTRIES)):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if annotation:
            total += raw.FPDFAnnot_GetSubtype(annotation) not in _PLAIN
            raw.FPDFPage_CloseAnnot(annotation)
        else:
            total += 1
    return total + max(int(raw.FPDFPage_GetAnnotCount(page)) - MOST_ENTRIES, 0)


def entries(page: Any, form: Any, upright: Upright) -> list[EntryFound]:
    """The entries of a page from top to bottom; ``form`` may be None where there are no fields."""
    total = min(raw.FPDFPage_GetAnnotCount(page), MOST_ENTRIES)
    found = [entry for at in range(total) for entry in _entry(page, at, form, upright)]
    return sorted(found, key=lambda entry: (entry.box[1], entry.box[0]))


def attached(page: Any) -> Iterator[Any]:
    """The attachments that hang on a page; each is valid while the page is."""
    for at in range(min(raw.FPDFPage_GetAnnotCount(page), MOST_ENTRIES)):
        annotation = raw.FPDFPage_GetAnnot(page, at)
        if not annotation:
            continue
        if raw.FPDFAnnot_GetSubtype(annotation) == raw.FPDF_ANNOT_FILEATTACHMENT and (
            file := raw.FPDFAnnot_GetFileAttachment(annotation)
        ):
            yield file
        raw.FPDFPage_CloseAnnot(annotation)


def _entry(page: Any, at: int, form: Any, upright: Upright) -> Iterator[EntryFound]:
    annotation = raw.FPDFPage_GetAnnot(page, at)
    if not annotation:
        yield EntryFound("", (0.0, 0.0, 0.0, 0.0), State.DAMAGED)
        return
    try:
        kind = raw.FPDFAnnot_GetSubtype(annotation)
        if kind in _PLAIN:
            return
        box = _box(annotation, upright)
        unseen = bool(raw.FPDFAnnot_GetFlags(annotation) & _UNSEEN)
        if kind in _FIELDS:
            text = _field(form, annotation) if form else ""
            yield EntryFound(text, box, unseen=unseen, acts=bool(form) and _acts(form, annotation))
        elif kind in _PLAYED:
            yield EntryFound(_string(annotation, b"Contents"), box, State.PLAYED, unseen)
        else:
            text = _comment(annotation, kind)
            drawn = not text and raw.FPDFAnnot_GetObjectCount(annotation) > 0 and kind in _SHOWN
            carries = kind == raw.FPDF_ANNOT_FILEATTACHMENT
            state = State.DRAWN if drawn else State.READ
            yield EntryFound(text, box, state, unseen, carries=carries)
    finally:
        raw.FPDFPage_CloseAnnot(annotation)


def _comment(annotation: Any, kind: int) -> str:
    contents = _string(annotation, b"Contents").strip()
    if not contents or kind in _SHOWN:
        return contents
    author = _string(annotation, b"T").strip()
    return f"Comment ({author}): {contents}" if author else f"Comment: {contents}"


def _box(annotation: Any, upright: Upright) -> tuple[float, float, float, float]:
    rectangle = raw.FS_RECTF()
    raw.FPDFAnnot_GetRect(annotation, rectangle)
    sides = (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
    x0, y0, x1, y1 = upright.boxes(*(np.array([side]) for side in sides))[0].tolist()
    return x0, y0, x1, y1


# --- fields ---------------------------------------------------------------------------------------


def _field(form: Any, annotation: Any) -> str:
    """The label of a field and what was put in, empty where nothing was."""
    kind = raw.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in {raw.FPDF_FORMFIELD_PUSHBUTTON, raw.FPDF_FORMFIELD_SIGNATURE}:
        return ""
    value = _value(form, annotation, kind)
    if not value:
        return ""
    label = _asked(raw.FPDFAnnot_GetFormFieldAlternateName, form, annotation).strip()
    label = label or _asked(raw.FPDFAnnot_GetFormFieldName, form, annotation).strip()
    return f"{label}: {value}" if label else value


def _value(form: Any, annotation: Any, kind: int) -> str:
    if kind == raw.FPDF_FORMFIELD_CHECKBOX:
        return "checked" if _is_checked(form, annotation) else "not checked"
    if kind == raw.FPDF_FORMFIELD_RADIOBUTTON:
        if not _is_checked(form, annotation):
            return ""
        name = _asked(raw.FPDFAnnot_GetFormFieldExportValue, form, annotation)
        return name or _string(annotation, b"AS") or "selected"
    value = _asked(raw.FPDFAnnot_GetFormFieldValue, form, annotation).strip()
    if kind == raw.FPDF_FORMFIELD_LISTBOX or not value:
        return ", ".join(_selected(form, annotation)) or value
    return value


def _is_checked(form: Any, annotation: Any) -> bool:
    """By the form, or by what the button shows where the form does not know its states."""
    if raw.FPDFAnnot_IsChecked(form, annotation):
        return True
    return _string(annotation, b"AS") not in {"", "Off"}


def _selected(form: Any, annotation: Any) -> Iterator[str]:
    for at in range(min(raw.FPDFAnnot_GetOptionCount(form, annotation), MOST_OPTIONS)):
        if raw.FPDFAnnot_IsOptionSelected(form, annotation, at):
            yield _text(
                lambda buffer, size, at=at: raw.FPDFAnnot_GetOptionLabel(  # type: ignore[misc]
                    form, annotation, at, buffer, size
                )
            )


def _acts(form: Any, annotation: Any) -> bool:
    """Whether a script waits for a keystroke, a change, a check or a calculation."""
    events = range(raw.FPDF_ANNOT_AACTION_KEY_STROKE, raw.FPDF_ANNOT_AACTION_CALCULATE + 1)
    ask = raw.FPDFAnnot_GetFormAdditionalActionJavaScript
    return any(ask(form, annotation, event, None, 0) > 2 for event in events)


# --- strings --------------------------------------------------------------------------------------


def _string(annotation: Any, key: bytes) -> str:
    return _text(lambda buffer, size: raw.FPDFAnnot_GetStringValue(annotation, key, buffer, size))


def _asked(function: Any, form: Any, annotation: Any) -> str:
    return _text(lambda buffer, size: function(form, annotation, buffer, size))


def _text(ask: Callable[[Any, int], int]) -> str:
    """A string that PDFium writes as UTF-16 into a buffer whose size it tells first."""
    size = min(ask(None, 0), 2 * LONGEST_ENTRY)
    if size <= 2:
        return ""
    buffer = (ctypes.c_ushort * (size // 2 + 1))()
    ask(buffer, size)
    return bytes(buffer)[: size - 2].decode("utf-16-le", "replace").replace("\r", "\n")
