"""A bundle and what becomes of it: built, installed, compared with its lists, its switches taken.

Every function runs the real programs: ``scripts/build_bundle`` and the bundle's ``install.sh``.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from appliance import config
from appliance.acceptance import unpacked
from appliance.acceptance.checks import Check
from deploy.installer.manifest import Manifest, decode
from scripts.bundling import signing
from scripts.proving import namespace
from scripts.proving.namespace import ROOT, Ran

ENVIRONMENTS = ("app", "engine")
LINGER_S = 25  # libraries report from threads: onnxruntime tries for the first time after 9 s
CONTROL_S = 300  # and on a machine that is busy, where something is to be seen
_LOAD = """
import sys, time
from pathlib import Path
from appliance import offline
import os
offline.apply(os.environ)
from appliance import config
from appliance.formats import kinds, worker
for family in kinds.Family:
    worker.warm(family)
worker.warm(worker.SCAN)
import onnxruntime
settings = config.load()
from sentence_transformers import SentenceTransformer
SentenceTransformer(str(settings.models / settings.search.embedding_model)).encode(["x"])
def tried():
    four = [l.split() for l in Path("/proc/net/snmp").read_text().splitlines() if l[:3] == "Ip:"]
    six = dict(l.split() for l in Path("/proc/net/snmp6").read_text().splitlines())
    return int(dict(zip(*four))["OutNoRoutes"]) + int(six.get("Ip6OutNoRoutes", 0))
until = time.monotonic() + float(sys.argv[1])
while not tried() and time.monotonic() < until:
    time.sleep(0.1)
"""


def build(out: Path, keys: Path, *words: str) -> Manifest:
    """``scripts/build_bundle`` with these options.

    Raises:
        RuntimeError: it refused; its words are in the message.
    """
    command = [str(ROOT / "scripts" / "build_bundle"), "--out", str(out), "--keys", str(keys)]
    done = subprocess.run([*command, *words], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"no bundle: {done.stdout[-300:]}{done.stderr[-700:]}")
    return manifest_of(out)


def manifest_of(bundle: Path) -> Manifest:
    """The manifest of a bundle; of its first volume where it has several."""
    first = bundle if (bundle / "MANIFEST.json").exists() else bundle / "vol1"
    return decode((first / "MANIFEST.json").read_bytes())


def install(bundle: Path, prefix: Path, *words: str) -> Ran:
    """``install.sh`` in an empty network; the key of the medium is vouched for."""
    key = signing.fingerprint(bundle / "keys" / "allowed_signers")
    command: list[str | Path] = ["sh", bundle / "install.sh", "--prefix", prefix, "--yes"]
    return namespace.run([*command, f"--fingerprint={key}", *words], namespace.plain(prefix.parent))


def demo(appliance: Path, home: Path, *, with_engine: bool) -> Ran:
    """Every step of ``scripts/demo`` on an installed appliance, in an empty network."""
    environment = namespace.plain(home)
    words: list[str | Path] = [environment["PYTHON"], ROOT / "scripts" / "demo"]
    words += ["--appliance", appliance, *([] if with_engine else ["--without-engine"])]
    return namespace.run(words, environment)


def linger(release: Path, home: Path, seconds: float = LINGER_S) -> Ran:
    """Load all that the appliance loads, as it does, and leave it alone until it tries something.

    Nothing is tried where all is well: then it is left alone for so many seconds.
    """
    python = release / "envs" / "app" / "bin" / "python"
    words: list[str | Path] = [python, "-I", "-W", "ignore", "-c", _LOAD, str(seconds)]
    return namespace.run(words, namespace.plain(home))


def disagreements(release: Path) -> list[str]:
    """What of lock, bill of materials and installed packages is in one and not in another."""
    found = []
    for name in ENVIRONMENTS:
        lock = release / "locks" / f"{name}.txt"
        if not lock.exists():
            continue
        bill = json.loads((release / "sbom" / f"{name}.cdx.json").read_text("utf-8"))
        listed = {
            (part["name"], part["version"], part["hashes"][0]["content"])
            for part in bill["components"]
        }
        locked = set(re.findall(r"(\S+)==(\S+) --hash=sha256:([0-9a-f]{64})", lock.read_text()))
        manifest = decode((release / "MANIFEST.json").read_bytes())
        wheels = {e.sha256 for e in manifest.files if e.path.startswith(f"wheels/{name}/")}
        site = next((release / "envs" / name).glob("lib/python3*/site-packages"))
        installed = {
            (canonicalize_name(one.metadata["Name"]), one.version)
            for one in metadata.distributions(path=[str(site)])
        }
        pairs = {(package, version) for package, version, _ in locked}
        found += [f"{name}: {what[0]} {what[1]} in lock or SBOM only" for what in listed ^ locked]
        found += [
            f"{name}: {what} in lock or wheels only" for what in {h for *_, h in locked} ^ wheels
        ]
        found += [
            f"{name}: {what[0]} {what[1]} in lock or installed only" for what in pairs ^ installed
        ]
    return found


def modules(release: Path) -> tuple[Check, ...]:
    """What Python imports from, held against the wheels byte by byte."""
    settings = replace(config.load(release / "home"), root=release)
    return tuple(unpacked.modules(settings, part, deep=True) for part in ENVIRONMENTS)


def without_switches(release: Path, copy: Path) -> Path:
    """A copy of an installed release whose list of switches is empty; returns its command.

    The files are links to the same bytes but for the one that is written anew.
    """
    shutil.copytree(release, copy, symlinks=True, copy_function=_linked)
    (module,) = copy.glob("envs/app/lib/python3*/site-packages/appliance/offline.py")
    text = module.read_text("utf-8")
    bare, count = re.subn(
        r"^SWITCHES: dict\[str, str\] = \{\n.*?^\}$",
        "SWITCHES: dict[str, str] = {}",
        text,
        flags=re.M | re.S,
    )
    if count != 1:
        raise RuntimeError("appliance/offline.py holds no list of switches to take away")
    module.unlink()
    module.write_text(bare, "utf-8")
    for compiled in module.parent.glob("__pycache__/offline.*.pyc"):
        compiled.unlink()
    command = copy / "appliance"
    python = copy / "envs" / "app" / "bin" / "python"
    run = "import sys; from appliance.cli.main import run; sys.exit(run())"
    command.write_text(f"#!/bin/sh\nexec {python} -I -c '{run}' \"$@\"\n", "utf-8")
    command.chmod(0o755)
    return command


def _linked(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target
