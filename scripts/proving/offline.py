"""Builds a bundle and proves it where there is no network: installs, works, stays silent.

In an empty network namespace: install from the bundle alone, compare lock, SBOM and what is
installed, walk the whole demo, load every library and leave it alone for a while.  The kernel
counts attempts to reach anything: 0.  Then the same with the switches of appliance/offline.py
taken out of a copy: more than 0, or the counter would be blind.

  --tamper  a bit, a cut, a removal in every class of file; additions, swaps, an old manifest
  --kills   SIGKILL at 20 points of the installation; the next run ends in the same tree

It ends at the first failure, with status 1.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from appliance.acceptance.checks import Verdict
from deploy.installer import releases
from scripts.bundling import signing
from scripts.bundling.signing import Keys
from scripts.proving import killing, namespace, release, tampering
from scripts.proving.namespace import Ran

NO_NAMESPACE = 77
ROLLBACK_S = 2.0
VOLUME = "100MB"  # smaller than PyTorch's wheel, which is then cut


class Failed(Exception):
    """A proof that did not hold; the message says what was found."""


@dataclass(frozen=True, slots=True)
class Places:
    """The folders of one run."""

    root: Path
    bundle: Path
    variant: str

    @property
    def keys(self) -> Path:
        return self.root / "keys"

    @property
    def prefix(self) -> Path:
        return self.root / "there"

    @property
    def home(self) -> Path:
        home = self.root / "home"
        home.mkdir(exist_ok=True)
        return home


def main() -> int:
    """Entry point of ``scripts/test_offline_install``."""
    asked = _arguments()
    refusal = namespace.refusal()
    if refusal:
        print(f"This host gives no empty network namespace: {refusal}", file=sys.stderr)
        return NO_NAMESPACE
    with tempfile.TemporaryDirectory(prefix="proof-", dir=asked.scratch) as name:
        places = Places(Path(name), asked.bundle or Path(name) / "bundle", asked.variant)
        try:
            _prove(places, asked)
        except (Failed, RuntimeError) as problem:
            print(f"FAIL  {problem}", file=sys.stderr)
            return 1
    print("Everything held.")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/test_offline_install",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--variant", choices=("core", "cpu"), default="core")
    parser.add_argument("--bundle", type=Path, help="one that is built; its keys with --keys")
    parser.add_argument("--keys", type=Path, help="folder of the keys that signed it")
    parser.add_argument("--tamper", action="store_true", help="the tamper matrix as well")
    parser.add_argument("--kills", type=int, nargs="?", const=20, default=0, metavar="N")
    parser.add_argument("--only", action="store_true", help="leave out the demo and its control")
    parser.add_argument("--scratch", type=Path, help="where there is room for three installations")
    return parser.parse_args()


def _prove(places: Places, asked: argparse.Namespace) -> None:
    keys = asked.keys or places.keys
    if asked.bundle is None:
        if asked.keys is None:
            signing.new_keys(keys)
        begun = time.monotonic()
        manifest = release.build(places.bundle, keys, "--variant", places.variant)
        _held("bundle built", f"{manifest.release}, {time.monotonic() - begun:.0f} s")
    size = sum(path.stat().st_size for path in places.bundle.rglob("*") if path.is_file())
    _held("its size", f"{size / 1e6:,.0f} MB")
    if not asked.only or asked.tamper:
        installed(places)
    if not asked.only:
        silent(places)
        control(places)
        goes_back(places, keys)
    if asked.tamper:
        tampered(places, Keys(keys / "bundle_ed25519", keys / "bundle_p256.pem"), keys)
    if asked.kills:
        killed(places, asked.kills)


def installed(places: Places) -> None:
    """Installed from the bundle alone; what is listed is what is there."""
    ran = release.install(places.bundle, places.prefix)
    _quiet("installed without a network", ran)
    for line in ran.output.splitlines():
        if line.endswith(" s") and ("environment:" in line or "byte code:" in line):
            _held(line.strip().partition(":")[0], line.rpartition(":")[2].strip())
    found = release.disagreements(_current(places))
    if found:
        raise Failed(f"{len(found)} disagreements: {found[0]}")
    _held("lock, SBOM and installed packages agree", "both ways")
    for check in release.modules(_current(places)):
        if check.verdict is Verdict.FAIL:
            raise Failed(f"{check.name}: {check.found}")
        _held(check.name, check.found)


def silent(places: Places) -> None:
    """The whole demo, and libraries left alone: nothing is tried."""
    current = _current(places)
    command = current / "envs" / "app" / "bin" / "appliance"
    _quiet("demo", release.demo(command, places.home, with_engine=places.variant != "core"))
    _quiet("libraries left alone", release.linger(current, places.home))


def control(places: Places) -> None:
    """The same run without the switches is seen to try."""
    copy = places.root / "bare"
    command = release.without_switches(_current(places), copy)
    ran = release.demo(command, places.home, with_engine=places.variant != "core")
    left = release.linger(copy, places.home, release.CONTROL_S)
    shutil.rmtree(copy)
    if ran.sent or left.sent:
        raise Failed("control: packets left a namespace that must be empty")
    if not ran.attempts + left.attempts:
        raise Failed("control: nothing was tried without the switches either; the test is blind")
    _held("control, without switches", f"{ran.attempts} + {left.attempts} attempts seen")


def goes_back(places: Places, keys: Path) -> None:
    """An upgrade that changes nothing but its number, and back."""
    before = releases.current(places.prefix)
    manifest = release.manifest_of(places.bundle)
    delta = places.root / "delta"
    words = ["--variant", places.variant, "--since", str(places.bundle / "MANIFEST.json")]
    release.build(delta, keys, *words, "--serial", str(manifest.serial + 1))
    size = sum(path.stat().st_size for path in delta.rglob("pool/**/*") if path.is_file())
    _held("delta without changes, its pool", f"{size} bytes")
    _quiet("upgraded", release.install(delta, places.prefix, "--upgrade", "--no-byte-code"))
    seconds = []
    for _ in range(3):  # back, forth, back: other work on the machine slows one of them
        begun = time.monotonic()
        done = tampering.offered(places.bundle, places.prefix, "--rollback")
        seconds.append(time.monotonic() - begun)
        if done.returncode:
            raise Failed(f"rollback: {done.stderr.strip()[-300:]}")
    if min(seconds) > ROLLBACK_S or releases.current(places.prefix) != before:
        raise Failed(f"rollback took {min(seconds):.1f} s")
    _held("rolled back", f"{min(seconds):.2f} s")


def tampered(places: Places, keys: Keys, folder: Path) -> None:
    """Nothing that was changed is accepted."""
    scratch = places.root / "tampered"
    scratch.mkdir()
    count = 0
    for case in tampering.cases(release.manifest_of(places.bundle)):
        count += _refused(case.name, tampering.tried(places.bundle, case, scratch))
    old = tampering.replayed(places.bundle, keys, scratch, places.prefix)
    count += _refused("old manifest over the new pool", old)
    volumes = places.root / "volumes"
    release.build(volumes, folder, "--variant", places.variant, "--volume-size", VOLUME)
    for case in tampering.of_volumes(volumes / "vol1"):
        count += _refused(case.name, tampering.tried(volumes, case, scratch, volumes=True))
    shutil.rmtree(scratch)
    shutil.rmtree(volumes)
    _held("tamper matrix", f"0 accepted of {count}")


def _refused(name: str, problem: str) -> int:
    if problem:
        raise Failed(f"{name}: {problem}")
    _held(f"  refused: {name}", "named")
    return 1


def killed(places: Places, points: int) -> None:
    """Killed anywhere, the next run ends in the same tree."""
    shutil.rmtree(places.prefix, ignore_errors=True)
    killer = killing.Killer(places.bundle, places.prefix)
    killer.calm()
    for point in range(points):
        problem = killer.kill((point + 0.5) / points)
        if problem:
            raise Failed(f"killed at point {point + 1} of {points}: {problem}")
        _held(f"  killed at {100 * (point + 0.5) / points:.0f} %", "the same tree")
    _held("kill matrix", f"{points} points over {killer.seconds:.0f} s")


def _current(places: Places) -> Path:
    return (places.prefix / releases.CURRENT).resolve()


def _quiet(what: str, ran: Ran) -> None:
    if ran.code:
        raise Failed(f"{what}: exit {ran.code}: {ran.output.strip()[-600:]}")
    if not ran.silent:
        raise Failed(f"{what}: {ran.attempts} attempts, {ran.sent} packets sent")
    inside = f", {ran.namespaces} namespaces of its own" if ran.namespaces else ""
    _held(what, f"{ran.seconds:.0f} s, 0 attempts, 0 packets{inside}")


def _held(what: str, found: str) -> None:
    print(f"ok    {what:<48} {found}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
