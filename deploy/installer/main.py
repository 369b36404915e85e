"""Installs, upgrades, rolls back and removes the appliance on an isolated machine.

`install.sh` calls this after it has verified the signature of the manifest and the files of the
installer; nothing here reaches for a network.
"""

from __future__ import annotations

import argparse
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import environments, journal, preflight, releases, system, verifying
from .journal import Line
from .manifest import Entry, Manifest, ManifestProblem, decode
from .media import Media
from .pool import PoolProblem, add, pooled
from .problems import REFUSED, InstallProblem

KEPT = 1  # releases that stay beside the one in force
LINKED = ("wheel", "model", "policy", "unit", "lock", "sbom", "provenance", "doc", "licence")


@dataclass(frozen=True)
class Asked:
    """The command line."""

    action: str  # install | upgrade | rollback | uninstall
    prefix: Path
    bundle: Path
    places: tuple[Path, ...]
    signer: str
    trusted: bytes  # the key that the signature was verified with, as its tool reads it
    dry: bool
    older: bool
    keep_data: bool
    yes: bool
    compile: bool

    @property
    def state(self) -> Path:
        """Folder of the journal and of the keys that are trusted here."""
        return self.prefix / "state"


def main(words: list[str]) -> int:
    """Entry point; returns the exit status."""
    asked = arguments(words)
    try:
        {"rollback": roll_back, "uninstall": uninstall}.get(asked.action, install)(asked)
    except InstallProblem as problem:
        return _stopped(problem.message, problem.remedy, problem.exit_code)
    except ManifestProblem as problem:
        return _stopped(str(problem), "copy the bundle again from its source", REFUSED)
    except OSError as error:
        return _stopped(
            f"{error.filename or ''} {error.strerror}", "free space or mend the disk", 1
        )
    except KeyboardInterrupt:
        return _stopped("interrupted", "run it again: it goes on from here", 130)
    return 0


def _stopped(message: str, remedy: str, code: int) -> int:
    print(f"\nStopped: {message.strip()}", file=sys.stderr)
    if remedy:
        print(f"What to do: {remedy}", file=sys.stderr)
    return code


def arguments(words: list[str]) -> Asked:
    """Parse the command line; exits with status 2 where it is wrong.

    What the options mean is said by `install.sh --help`, before any Python is needed.
    """
    parser = argparse.ArgumentParser(
        prog="install.sh",
        usage="sh install.sh [options]; see --help",
        add_help=False,
        allow_abbrev=False,  # install.sh has read the words, too, and knows no short forms
    )
    action = parser.add_mutually_exclusive_group()
    for name in ("upgrade", "rollback", "uninstall"):
        action.add_argument(f"--{name}", dest="action", action="store_const", const=name)
    parser.add_argument("--prefix", type=Path, required=True)
    parser.add_argument("--media", type=Path, action="append")
    parser.add_argument("--dry-run", action="store_true")
    parser.add_argument("--allow-older", action="store_true")
    parser.add_argument("--keep-data", action="store_true")
    parser.add_argument("--yes", action="store_true")
    parser.add_argument("--no-byte-code", action="store_true")
    parser.add_argument("--bundle", type=Path, required=True)
    parser.add_argument("--signer", required=True)
    parser.add_argument("--trusted", type=Path, required=True)
    parser.add_argument("--made", required=True)
    found = parser.parse_args(words)
    trusted = found.trusted.read_bytes()
    if found.made:  # install.sh wrote it for this run
        Path(found.made).unlink()
    return Asked(
        trusted=trusted,
        action=found.action or "install",
        prefix=found.prefix.absolute(),
        bundle=found.bundle.absolute(),
        places=(found.bundle.absolute(), *(found.media or ())),
        signer=found.signer,
        dry=found.dry_run,
        older=found.allow_older,
        keep_data=found.keep_data,
        yes=found.yes,
        compile=not found.no_byte_code,
    )


# --- install and upgrade --------------------------------------------------------------------------


def install(asked: Asked) -> None:
    """Verify, look, import, build, switch; run again after a kill it ends in the same tree.

    Raises:
        InstallProblem: at the first thing that is not as it must be.
    """
    untrusted = (asked.bundle / "MANIFEST.json").read_bytes()
    manifest = decode(untrusted)
    digest = journal.digest(untrusted)
    print(f"{manifest.name} {manifest.release} ({manifest.variant}), signed by {asked.signer}")
    _refuse_older(asked, manifest, digest)
    _refuse_another(asked, manifest, digest)
    media = Media(
        asked.places, _ask(asked.yes), lambda v: verifying.verify_volume(manifest, untrusted, v)
    )
    for place in asked.places:
        verifying.verify_volume(manifest, untrusted, place)
    missing = sum(_absent(asked, entry) for entry in manifest.files)
    lacks = _preflight(asked, manifest, missing)
    if asked.dry:
        verifying.verify_media(
            manifest, media, asked.prefix / "pool", _progress("verified", manifest)
        )
    if lacks:
        raise InstallProblem(
            "this machine lacks something", remedy="the lines marked FAIL say what", exit_code=3
        )
    if asked.dry:
        print("Everything is as it must be. Nothing was changed.")
        return
    asked.prefix.mkdir(mode=0o755, parents=True, exist_ok=True)
    with releases.alone(asked.prefix):
        releases.refuse_others(asked.prefix)
        if not releases.is_complete(asked.prefix, manifest.release, digest):
            _import(asked, manifest, media)
            _build(asked, manifest, untrusted, digest)
        _put_in_force(asked, manifest, digest)


def _refuse_older(asked: Asked, manifest: Manifest, digest: str) -> None:
    highest = journal.highest_serial(asked.state)
    if manifest.serial >= highest or asked.older:
        return
    if not asked.dry:
        line = Line("refused", manifest.release, manifest.serial, digest, asked.signer)
        journal.write(asked.state, line)
    raise InstallProblem(
        f"serial {manifest.serial} is older than {highest}, which was installed here before",
        remedy="get the newest bundle; --rollback goes back to a release that is still here",
        exit_code=REFUSED,
    )


def _refuse_another(asked: Asked, manifest: Manifest, digest: str) -> None:
    """Two bundles of one serial have one place: the second would tear down what is in force."""
    prefix, release = asked.prefix, manifest.release
    if releases.is_complete(prefix, release) and not releases.is_complete(prefix, release, digest):
        raise InstallProblem(
            f"another bundle with the serial {manifest.serial} is installed here",
            remedy="build this one with a higher --serial",
            exit_code=REFUSED,
        )


def _absent(asked: Asked, entry: Entry) -> int:
    return 0 if pooled(asked.prefix / "pool", entry.sha256).exists() else entry.size


def _preflight(asked: Asked, manifest: Manifest, missing: int) -> bool:
    """Say what is here and what is needed; whether something is lacking."""
    checks = preflight.judge(preflight.look(asked.prefix, dict(os.environ)), manifest, missing)
    for check in checks:
        mark = {True: "ok  ", False: "FAIL", None: "note"}[check.ok]
        print(f"  {mark} {check.name}: {check.found} (needed: {check.needed})")
        if not check.ok:
            print(f"       {check.remedy}")
    return any(check.ok is False for check in checks)


def _import(asked: Asked, manifest: Manifest, media: Media) -> None:
    pool = asked.prefix / "pool"
    say = _progress("imported", manifest)
    for entry in manifest.files:
        try:
            add(pool, entry.sha256, entry.size, media.pieces(entry))
        except PoolProblem as error:
            raise verifying.refused(error) from error
        say(entry)


def _build(asked: Asked, manifest: Manifest, untrusted: bytes, digest: str) -> None:
    """Make the release in its final place; it counts only when its mark is written, last."""
    release = releases.folder(asked.prefix, manifest.release)
    shutil.rmtree(release, ignore_errors=True)
    release.mkdir(mode=0o755, parents=True)
    for entry in manifest.files:
        if entry.kind in LINKED:
            environments.link(asked.prefix / "pool", entry, release / entry.path)
    (release / "MANIFEST.json").write_bytes(untrusted)
    for name in ("MANIFEST.json.sig", "MANIFEST.json.ecdsa"):  # verified again by --rollback
        shutil.copyfile(asked.bundle / name, release / name)
    for name in ("app", "engine"):
        if (release / "locks" / f"{name}.txt").exists():
            begun = time.monotonic()
            environments.build(asked.prefix, manifest, release, name)
            print(f"  {name} environment: {time.monotonic() - begun:.1f} s", flush=True)
    releases.complete(asked.prefix, manifest.release, digest)


def _compile(asked: Asked, manifest: Manifest) -> None:
    """Byte code, when the release is in force already: it only makes starts quicker."""
    release = releases.folder(asked.prefix, manifest.release)
    for name in ("app", "engine"):
        if (release / "envs" / name).is_dir():
            begun = time.monotonic()
            environments.compile_modules(release, name)
            print(f"  {name} byte code: {time.monotonic() - begun:.1f} s", flush=True)


def _put_in_force(asked: Asked, manifest: Manifest, digest: str) -> None:
    """Put on record, switch, tell the system, ask the doctor, remove what is too old.

    The record comes first: a kill after the switch would else leave a release that came from
    nowhere.
    """
    previous = releases.current(asked.prefix)
    if previous != manifest.release:
        line = Line(
            "upgrade" if previous else "install",
            *(manifest.release, manifest.serial, digest, asked.signer, previous),
            allowed_older=asked.older,
        )
        journal.write_once(asked.state, line)
    _trust(asked)
    releases.switch(asked.prefix, manifest.release)
    _tell_the_system(asked)
    if asked.compile:
        _compile(asked, manifest)
    releases.sweep(asked.prefix, KEPT)
    print(f"In force: {manifest.release}" + (f" (before: {previous})" if previous else ""))
    _doctor(asked.prefix, whole=_whole(asked))


def _whole(asked: Asked) -> bool:
    """Whether this is the installation for the whole machine."""
    return os.getuid() == 0 and asked.prefix == system.PREFIX


def _tell_the_system(asked: Asked) -> None:
    """Units are those of the release in force, after an upgrade as after a rollback."""
    if _whole(asked):
        for step in system.install(asked.prefix):
            print(f"  {'ok  ' if step.done else 'note'} {step.what}")


def _trust(asked: Asked) -> None:
    """Keep the key that the signature was verified with, and no other, for the next upgrade."""
    name = "bundle_p256.pub.pem" if asked.signer.startswith("P-256:") else "allowed_signers"
    known = asked.state / name
    if not known.exists():
        known.write_bytes(asked.trusted)


def _doctor(prefix: Path, *, whole: bool) -> None:
    """Ask the doctor about the store that is used here: for the whole machine not root's own.

    Before the first `init` there is none, which is no fault of the installation, and is said.
    """
    command = prefix / "current" / "envs" / "app" / "bin" / "appliance"
    if not command.exists():  # a bundle without the app environment
        return
    home, words = _store(prefix, whole=whole)
    plain = {"PATH": "/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}
    user: dict[str, Any] = {}
    if whole:
        plain["APPLIANCE_HOME"] = str(home)
        with suppress(KeyError):  # the account could not be made; that was said
            account = pwd.getpwnam(system.ACCOUNTS[0])
            user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": ()}
    ran = subprocess.run([command, "doctor"], check=False, env=plain, cwd="/", **user)
    print(f"The command is {command}")
    if not ((home if whole else home / ".appliance") / "store").is_dir():
        print(f"There is no store yet; it is made by: {words}{command} init")
    elif ran.returncode != 0:
        print(f"The doctor found something; see: {words}{command} doctor", file=sys.stderr)


def _store(prefix: Path, *, whole: bool) -> tuple[Path, str]:
    """Its home, of a person the folder above it, and how a command for it begins."""
    if not whole:
        return Path(os.environ.get("HOME", str(prefix))), ""
    account = system.ACCOUNTS[0]
    return system.DATA, f"sudo -u {account} env APPLIANCE_HOME={system.DATA} "


# --- the other actions ----------------------------------------------------------------------------


def roll_back(asked: Asked) -> None:
    """Put the newest of the other releases in force.

    Raises:
        InstallProblem: there is none.
    """
    with releases.alone(asked.prefix):
        others = releases.others(asked.prefix)
        if not others:
            raise InstallProblem("there is no release to go back to", remedy="install one")
        before, previous = others[0], releases.current(asked.prefix)
        if asked.dry:
            print(f"Would go from {previous} back to {before}.")
            return
        manifest = releases.folder(asked.prefix, before) / "MANIFEST.json"
        digest = journal.digest(manifest.read_bytes())
        serial = int(before.rpartition("-")[2])
        line = Line("rollback", before, serial, digest, asked.signer, previous)
        journal.write_once(asked.state, line)
        releases.switch(asked.prefix, before)
        _tell_the_system(asked)
        print(f"In force: {before} (before: {previous})")


def uninstall(asked: Asked) -> None:
    """Remove the program; the data of the whole machine only when it is said twice.

    Raises:
        InstallProblem: no installation is there, or what becomes of the data was not said.
    """
    whole = _whole(asked)
    kept = asked.keep_data or not whole  # a person's own store is not the installer's to remove
    if asked.dry:
        print(f"Would remove {asked.prefix}" + ("" if kept else f" and {system.DATA}"))
        return
    if not asked.keep_data and not asked.yes:
        raise InstallProblem(
            "say what becomes of the data",
            remedy="--keep-data keeps it; --yes removes it for good",
            exit_code=2,
        )
    with releases.alone(asked.prefix):
        releases.refuse_others(asked.prefix)
        if whole:
            system.remove(asked.prefix)
        (asked.prefix / releases.CURRENT).unlink(missing_ok=True)
        for name in releases.OURS:
            if (asked.prefix / name).exists():
                shutil.rmtree(asked.prefix / name)
        if not kept:
            for folder in system.DATA_FOLDERS:
                if folder.exists():
                    shutil.rmtree(folder)
        with suppress(OSError):  # something of somebody else's lies in it
            asked.prefix.rmdir()
    print("Removed." + (" Stores are where they were." if kept else ""))


# --- talking --------------------------------------------------------------------------------------


def _ask(silent: bool) -> Callable[[str], bool]:
    def ask(sentence: str) -> bool:
        if silent or not sys.stdin.isatty():
            return False
        try:
            input(f"{sentence} Then press Enter: ")
        except EOFError:
            return False
        return True

    return ask


def _progress(what: str, manifest: Manifest) -> Callable[[Entry], None]:
    total = sum(entry.size for entry in manifest.files)
    begun = time.monotonic()
    done = [0, 0.0]

    def say(entry: Entry) -> None:
        done[0] += entry.size
        now = time.monotonic()
        if now - done[1] >= 2 or done[0] >= total:
            done[1] = now
            rate = done[0] / max(now - begun, 1e-3)
            left = (total - done[0]) / max(rate, 1)
            print(
                f"  {what} {done[0] / 1e6:,.0f} of {total / 1e6:,.0f} MB, "
                f"{rate / 1e6:,.0f} MB/s, {left:.0f} s left",
                flush=True,
            )

    return say
