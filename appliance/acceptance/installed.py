"""P9: what is installed is what was signed: files, models, packages, and the offline switches."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from appliance import config, offline
from appliance.acceptance.checks import Check, failed, judge, not_run, passed
from appliance.app import release
from appliance.app.release import Listed, Release
from appliance.config import Settings
from appliance.engine import models

TOPIC = "P9"
PARTS = ("app", "engine")  # the two environments
_WHEELS = "wheels/"  # read only by a deep check: they were unpacked, nothing runs there
_OWN = frozenset({"appliance", "pip", "setuptools", "wheel"})  # of a checkout: in no lock
_PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;\\]+)", re.MULTILINE)
_SEPARATORS = re.compile(r"[-_.]+")
_CHECKOUT = Path(__file__).parent.parent.parent


def files(settings: Settings, *, deep: bool) -> Check:
    """Every file of the release is the one in its manifest."""
    found = release.of(settings)
    if found is None:
        return not_run(TOPIC, "files of the release", "a checkout has no manifest")
    wanted = [listed for listed in found.files if _is_read(listed, deep=deep)]
    faults = [*_differing(found, wanted), *_strangers(found)]
    words = f"{len(wanted)} files of release {found.version}-{found.serial} are as signed"
    return judge(TOPIC, "files of the release", faults, words, release.AGAIN)


def model(settings: Settings, name: str, what: str) -> Check:
    """Every byte of a model is what its manifest lists."""
    if what == "language model" and release.is_core(settings):
        return not_run(TOPIC, what, "none: a core installation")
    identity = models.verify(settings.models / name)
    return passed(TOPIC, what, f"{identity.name}, {identity.digest[:16]}, every byte as listed")


def packages(settings: Settings, part: str) -> Check:
    """The packages of one environment are those of its lock, in their versions."""
    name = f"packages of the {part}"
    if part == "engine" and release.is_core(settings):
        return not_run(TOPIC, name, "none: a core installation")
    found = release.of(settings)
    pins, own, whole = _locked(settings, found, part)
    sites = sorted((settings.root / "envs" / part).glob("lib/python3*/site-packages"))
    if not sites:
        missing = f"{settings.root / 'envs' / part} is missing"
        return failed(TOPIC, name, missing, release.remedy(settings))
    there = tuple(_packages(sites[0]))
    faults = [*_unlocked(there, pins, own)]
    if whole:
        faults += [f"{one} is locked, not installed" for one in pins if one not in dict(there)]
    words = f"{len(there)} packages, all as locked"
    return judge(TOPIC, name, faults, words, release.remedy(settings))


def switches(settings: Settings) -> Check:
    """P1: every switch against telemetry is set, in this process and for the services."""
    faults = [
        f"{name} is not set in this process"
        for name, value in config.values(offline.SWITCHES).items()
        if value != offline.SWITCHES[name]
    ]
    file = settings.root / "deploy" / "offline.env"
    if not file.exists() and release.of(settings) is None:
        file = _CHECKOUT / "deploy" / "offline.env"
    faults += _unset(file)
    faults += [f"{name} is set" for name in config.variables() if offline.is_forbidden(name)]
    words = f"{len(offline.SWITCHES)} switches set, in this process and in {file.name}"
    return judge("P1", "telemetry switches", faults, words, release.remedy(settings))


def _unset(file: Path) -> Iterator[str]:
    try:
        lines = set(file.read_text("utf-8").splitlines())
    except OSError as error:
        yield f"{file} cannot be read: {error.strerror}"
        return
    for name, value in offline.SWITCHES.items():
        if f"{name}={value}" not in lines:
            yield f"{name} is not set in {file}"


def _is_read(listed: Listed, *, deep: bool) -> bool:
    """Models are read by their own manifests, which are among the files."""
    path = listed.path
    in_model = path.startswith("models/") and not path.endswith("/" + models.MANIFEST)
    if path.startswith(_WHEELS) or in_model:
        return deep
    return listed.is_laid_out


def _differing(found: Release, wanted: Iterable[Listed]) -> Iterator[str]:
    for listed in wanted:
        path = found.folder / listed.path
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            yield f"{path} cannot be read: {error.strerror}"
            continue
        if digest != listed.sha256:
            yield f"{path} differs from the manifest"


def _strangers(found: Release) -> Iterator[str]:
    """A wheel that nobody signed, beside those that environments are made from."""
    listed = {entry.path for entry in found.files}
    for path in sorted(found.folder.glob("wheels/*/*")):
        if path.relative_to(found.folder).as_posix() not in listed:
            yield f"{path} is not in the manifest"


def _locked(
    settings: Settings, found: Release | None, part: str
) -> tuple[Mapping[str, frozenset[str]], frozenset[str], bool]:
    """Versions by package, what else may be there, and whether all of them have to be."""
    if found is not None:
        return _pins((settings.root / "locks" / f"{part}.txt",)), frozenset(), True
    folder = _CHECKOUT / "offline-wheels"
    held = {"app": "dev", "engine": "engine-*"}[part]  # a checkout has the tools of its tests
    locks = sorted(folder.glob(f"{held}.lock"))
    return _pins((*locks, folder / "torch-cpu.lock")), _OWN, False


def _pins(locks: Iterable[Path]) -> Mapping[str, frozenset[str]]:
    """One package can have several versions: one for each Python, or each kind of engine."""
    found: dict[str, frozenset[str]] = {}
    for lock in locks:
        for name, version in _PINNED.findall(lock.read_text("utf-8")):
            plain = _plain(name)
            found[plain] = found.get(plain, frozenset()) | {version}
    return found


def _packages(site: Path) -> Iterator[tuple[str, str]]:
    """By the folders that make a package known to Python."""
    for path in sorted((*site.glob("*.dist-info"), *site.glob("*.egg-info"))):
        name, _, version = path.name.rpartition(".")[0].partition("-")
        yield _plain(name), version


def _unlocked(
    there: Iterable[tuple[str, str]], pins: Mapping[str, frozenset[str]], own: frozenset[str]
) -> Iterator[str]:
    for name, version in there:
        if name in own:
            continue
        if name not in pins:
            yield f"{name} {version} is installed and in no lock"
        elif version not in pins[name]:
            yield f"{name} {version} is installed, locked is {' or '.join(sorted(pins[name]))}"


def _plain(name: str) -> str:
    """The one spelling of a package's name, PEP 503."""
    return _SEPARATORS.sub("-", name).lower()
