"""P9: what was unpacked is what was signed: every module of an environment is one of its wheels'.

The wheels lie in the release, and a deep check reads them by the signed manifest; here they are
held against what Python imports.  Byte code is not looked at.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from appliance.acceptance.checks import Check, failed, judge, not_run
from appliance.app import release
from appliance.app.release import Release
from appliance.config import Settings

TOPIC = "P9"
_WRITTEN = frozenset({"INSTALLER", "RECORD", "REQUESTED", "direct_url.json", "uv_cache.json"})
_STAND_IN = frozenset({"_numa_stand_in.py", "_numa_stand_in.pth"})  # the installer's, for libnuma
_RECORD = re.compile(r"[^/]+\.dist-info/RECORD")  # its own; some carry others' below
_ELSEWHERE = ("scripts", "data", "headers")  # of a wheel: not among the modules


def modules(settings: Settings, part: str, *, deep: bool) -> Check:
    """Nothing lies where Python imports from but what the wheels hold; deep: in their bytes."""
    name = f"modules of the {part}"
    found = release.of(settings)
    if found is None:
        return not_run(TOPIC, name, "a checkout has no wheels")
    if part == "engine" and not found.has_engine:
        return not_run(TOPIC, name, "none: a core installation")
    sites = sorted((found.folder / "envs" / part).glob("lib/python3*/site-packages"))
    if not sites:
        return failed(TOPIC, name, f"the {part} environment is missing", release.AGAIN)
    try:
        listed: dict[str, set[str]] = {}
        for place, digest in _listed(found, part):  # namespace packages share a file or two
            listed.setdefault(place, set()).add(digest)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return failed(TOPIC, name, "a wheel of the release cannot be read", release.AGAIN)
    there = set(_there(sites[0]))
    faults = [f"{one} is of no wheel" for one in sorted(there - listed.keys()) if not _made(one)]
    faults += [f"{one} is missing" for one in sorted(listed.keys() - there)]
    if deep:
        faults += _changed(sites[0], {one: listed[one] for one in sorted(there & listed.keys())})
    words = f"{len(there)} files, all of the wheels"
    return judge(TOPIC, name, faults, f"{words}, every byte" if deep else words, release.AGAIN)


def _listed(found: Release, part: str) -> Iterator[tuple[str, str]]:
    """File among the modules -> its hash as a wheel's RECORD spells it (PEP 427)."""
    for listed in found.files:
        if not listed.path.startswith(f"wheels/{part}/"):
            continue
        with zipfile.ZipFile(found.folder / listed.path) as wheel:
            record = next((n for n in wheel.namelist() if _RECORD.fullmatch(n)), "")
            rows = csv.reader(io.StringIO(wheel.read(record).decode("utf-8")))
            for name, digest, *_ in rows:
                place = _place(name)
                if place and digest and "/__pycache__/" not in place:
                    yield place, digest


def _place(name: str) -> str:
    """Where a file of a wheel goes among the modules; empty where it goes elsewhere."""
    top, _, rest = name.partition("/")
    if not top.endswith(".data"):
        return name
    kind, _, path = rest.partition("/")
    return "" if kind in _ELSEWHERE else path


def _there(site: Path) -> Iterator[str]:
    for where, folders, names in os.walk(site):
        folders[:] = [name for name in folders if name != "__pycache__"]
        yield from (os.path.relpath(os.path.join(where, name), site) for name in names)


def _made(name: str) -> bool:
    """Written by whoever unpacked the wheels."""
    folder, _, file = name.rpartition("/")
    return name in _STAND_IN or (folder.endswith(".dist-info") and file in _WRITTEN)


def _changed(site: Path, listed: Mapping[str, set[str]]) -> Iterator[str]:
    for name, wanted in listed.items():
        with (site / name).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
        spelled = "sha256=" + base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if spelled not in wanted:
            yield f"{name} differs from its wheel"
