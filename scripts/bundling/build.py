"""Builds the bundle that an isolated machine installs from.

Gathers the wheels of the locks, the models, the policies, the units and the installer; refuses what
must not be carried; writes the manifest, the bills of materials and the provenance; signs.

Variants: ``core`` is the appliance without an engine, ``cpu`` and ``gpu`` add vLLM.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from appliance.engine.models import verify
from deploy.installer.files import digest
from deploy.installer.manifest import Entry, Manifest, Targets, decode, encode
from scripts.bundling import media, provenance, refusals, sbom, signing, wheels
from scripts.bundling.media import Packed
from scripts.bundling.problems import BundleProblem
from scripts.bundling.provenance import Origin
from scripts.bundling.signing import Keys
from scripts.bundling.wheels import Wheel

ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11", "3.12", "3.13")
DRIVER = 580  # oldest NVIDIA driver that CUDA 13 runs on
CAPABILITY = 75  # compute capability 7.5, the oldest that CUDA 13 supports
ENGINE_LOCKS = {"cpu": "engine-cpu.lock", "gpu": "engine-gpu.lock"}
EXAMPLES = """\
examples:
  scripts/build_bundle --new-keys ~/bundle-keys
  scripts/build_bundle --variant cpu --keys ~/bundle-keys --out /media/stick
  scripts/build_bundle --variant cpu --keys ~/bundle-keys --out ./media --volume-size 4.3GB
  scripts/build_bundle --variant cpu --keys ~/bundle-keys --out ./delta --since old/MANIFEST.json

exit status: 0 built; 1 refused, or cannot be had; 2 wrong arguments; 3 run scripts/setup first
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """The command line."""

    variant: str
    python: str
    models: tuple[Path, ...]
    out: Path
    keys: Keys
    wheels: Path
    size: int | None
    since: Path | None
    serial: int | None
    interpreter: Path | None  # a python-build-standalone archive to carry
    manifest_only: bool = False


@dataclass(slots=True)
class Load:
    """What has been gathered so far."""

    packed: list[Packed] = field(default_factory=list)
    scratch: Path = Path()

    def add(self, path: str, kind: str, source: Path, licence: str = "Apache-2.0") -> None:
        """One file that exists."""
        size, found = source.stat().st_size, digest(source)
        self.packed.append(Packed(Entry(path, kind, licence, found, size, ""), source))

    def make(self, path: str, kind: str, content: bytes) -> None:
        """One file that is written for the bundle."""
        source = self.scratch / "made" / path
        source.parent.mkdir(parents=True, exist_ok=True)
        source.write_bytes(content)
        self.add(path, kind, source)

    def tree(self, prefix: str, kind: str, folder: Path) -> None:
        """Every file below a folder."""
        for source in sorted(folder.rglob("*")):
            if source.is_file() and "__pycache__" not in source.parts:
                self.add(f"{prefix}/{source.relative_to(folder).as_posix()}", kind, source)


def main() -> int:
    """Entry point of ``scripts/build_bundle``."""
    try:
        asked = arguments(sys.argv[1:])
        if asked is not None:
            build(asked, lambda line: print(line, flush=True))
    except BundleProblem as problem:
        print(f"No bundle was made: {problem.message}", file=sys.stderr)
        if problem.remedy:
            print(f"What to do: {problem.remedy}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. Run it again: what was fetched is kept.", file=sys.stderr)
        return 130
    return 0


def arguments(words: list[str]) -> Asked | None:
    """Parse the command line; None when only keys were asked for."""
    parser = argparse.ArgumentParser(
        prog="scripts/build_bundle",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    here = "{}.{}".format(*sys.version_info[:2])
    parser.add_argument("--variant", choices=("core", *ENGINE_LOCKS), default="cpu")
    parser.add_argument("--python", choices=PYTHONS, default=here, help="of the target")
    parser.add_argument("--model", type=Path, action="append", metavar="DIR", help="more than once")
    parser.add_argument("--out", type=Path, metavar="DIR", help="takes the bundle; made anew")
    parser.add_argument("--keys", type=Path, metavar="DIR", help="folder with the signing keys")
    parser.add_argument("--new-keys", type=Path, metavar="DIR", help="only make a pair of keys")
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="keeps fetched wheels")
    parser.add_argument("--volume-size", type=_size, metavar="SIZE", help="4.3GB, 700MB, ...")
    parser.add_argument("--since", type=Path, metavar="MANIFEST", help="carry only what is new")
    parser.add_argument("--serial", type=int, metavar="N", help="default: commits so far")
    parser.add_argument("--with-python", type=Path, metavar="ARCHIVE", help="carry this Python")
    parser.add_argument("--manifest-only", action="store_true", help="what would be in it")
    found = parser.parse_args(words)
    if found.new_keys:
        keys = signing.new_keys(found.new_keys)
        print(f"Keys: {keys.ssh}, {keys.ecdsa}. Keep them off every network.")
        return None
    if not found.out or not found.keys:
        parser.error("--out and --keys are needed")
    installed = ROOT / ".local" / "models"
    return Asked(
        variant=found.variant,
        python=found.python,
        models=tuple(found.model or sorted(p for p in installed.iterdir() if p.is_dir())),
        out=found.out.absolute(),
        keys=Keys(found.keys / "bundle_ed25519", found.keys / "bundle_p256.pem"),
        wheels=(found.wheels or ROOT / ".local" / "wheelhouse").absolute(),
        size=found.volume_size,
        since=found.since,
        serial=found.serial,
        interpreter=found.with_python,
        manifest_only=found.manifest_only,
    )


def _size(text: str) -> int:
    units = {"KB": 10**3, "MB": 10**6, "GB": 10**9, "KIB": 1 << 10, "MIB": 1 << 20, "GIB": 1 << 30}
    number = text.rstrip("KMGIBkmgib")
    unit = text[len(number) :].upper()
    if not unit:
        return int(number)
    if unit not in units:
        raise argparse.ArgumentTypeError(f"{text}: give a size such as 4.3GB")
    return int(float(number) * units[unit])


def build(asked: Asked, say: Callable[[str], None]) -> Manifest:
    """Make the whole bundle.

    Raises:
        BundleProblem: something is refused, cannot be had, or a tool is missing.
    """
    media.clear(asked.out)
    asked.wheels.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=asked.wheels.parent) as name:
        load = Load(scratch=Path(name))
        source = exported(load.scratch)
        version = _version(source)
        _add_environments(load, asked, source, say)
        _add_models(load, asked, version, say)
        _add_sources(load, source)
        if asked.interpreter:
            path = f"python/{asked.interpreter.name}"
            load.add(path, "python", asked.interpreter, "PSF-2.0")
        origin = _origin(asked, version, source)
        told = provenance.statement(origin, [packed.entry for packed in load.packed])
        load.make("provenance/bundle.intoto.json", "provenance", told)
        manifest = laid_out(load, asked, version, say)
    say(f"{asked.out}: {manifest.variant} {manifest.release}, {len(manifest.files)} files")
    if asked.manifest_only:
        return manifest
    say(f"signing key {signing.fingerprint(_first(manifest, asked.out) / 'keys/allowed_signers')}")
    script = next(e for e in manifest.files if e.path == "deploy/install.sh")
    say(f"sha256sum of install.sh {script.sha256}")
    return manifest


def exported(scratch: Path) -> Path:
    """The sources as they are committed: nothing that lies about gets in."""
    archive = scratch / "source.tar"
    done = subprocess.run(
        ["git", "-C", str(ROOT), "archive", "-o", str(archive), "HEAD"], check=False
    )
    if done.returncode != 0:
        raise BundleProblem("the project is not a git checkout", remedy="build from a clone")
    with tarfile.open(archive) as packed:
        packed.extractall(scratch / "source", filter="data")
    return scratch / "source"


def _version(source: Path) -> str:
    project = tomllib.loads((source / "pyproject.toml").read_text("utf-8"))["project"]
    return str(project["version"])


def _add_environments(load: Load, asked: Asked, source: Path, say: Callable[[str], None]) -> None:
    folder = source / "offline-wheels"
    own = wheels.read(wheels.build(source, load.scratch / "own"))
    say(f"app: wheels for Python {asked.python}")
    kept = asked.wheels / f"app-cp{asked.python.replace('.', '')}"
    torch = wheels.gather(folder / "torch-cpu.lock", asked.python, kept, load.scratch)
    locked = wheels.gather(folder / "app.lock", asked.python, kept, load.scratch)
    needed = (own, *wheels.reachable(own, (*locked, *torch), asked.python))
    add_wheels(load, "app", own.version, needed)
    if asked.variant in ENGINE_LOCKS:
        say(f"engine: wheels for Python {asked.python} ({asked.variant})")
        kept = asked.wheels / f"engine-{asked.variant}-cp{asked.python.replace('.', '')}"
        lock = folder / ENGINE_LOCKS[asked.variant]
        found = wheels.gather(lock, asked.python, kept, load.scratch)
        if asked.variant == "cpu":
            found += wheels.gather(folder / "torch-cpu.lock", asked.python, kept, load.scratch)
        add_wheels(load, "engine", own.version, found)
    (tool,) = wheels.gather(
        folder / "lock-tools.lock", asked.python, asked.wheels / "tools", load.scratch
    )
    load.add(f"tools/{tool.file.name}", "tool", tool.file, tool.licence)


def add_wheels(load: Load, name: str, version: str, found: tuple[Wheel, ...]) -> None:
    """The wheels of one environment, with a lock and a bill of materials of exactly these.

    Raises:
        BundleProblem: one of them is refused.
    """
    refusals.refuse_other_files(load.scratch, found)
    refusals.refuse_licences(found)
    for wheel in found:
        path = f"wheels/{name}/{wheel.file.name}"
        entry = Entry(path, "wheel", wheel.licence, wheel.sha256, wheel.size, "")
        load.packed.append(Packed(entry, wheel.file))
    load.make(f"locks/{name}.txt", "lock", wheels.relocked(found))
    load.make(f"sbom/{name}.cdx.json", "sbom", sbom.of_wheels(name, version, found))


def _add_models(load: Load, asked: Asked, version: str, say: Callable[[str], None]) -> None:
    parts = []
    for folder in asked.models:
        say(f"model: {folder.name}")
        refusals.refuse_model(folder)
        identity = verify(folder)
        if asked.variant == "core" and identity.kind != "embedding":
            continue  # there is no engine that could serve it
        load.tree(f"models/{folder.name}", "model", folder)
        files = json.loads((folder / "model.json").read_text("utf-8"))["files"]
        listed = tuple(sbom.ModelFile(n, f["sha256"]) for n, f in sorted(files.items()))
        parts.append(
            sbom.ModelPart(folder.name, identity.digest, identity.source, identity.licence, listed)
        )
    load.make("sbom/models.cdx.json", "sbom", sbom.of_models(version, parts))


def _add_sources(load: Load, source: Path) -> None:
    load.tree("policies", "policy", source / "policies")
    load.tree("deploy", "unit", source / "deploy")
    for name in ("README.md", "DESIGN.md", "CHANGELOG.md"):
        load.add(name, "doc", source / name)
    load.add("LICENSE", "licence", source / "LICENSE")


def _origin(asked: Asked, version: str, source: Path) -> Origin:
    commit = _git("rev-parse", "HEAD") + ("+changes" if _git("status", "--porcelain") else "")
    folder = source / "offline-wheels"
    digests = {lock.name: digest(lock) for lock in sorted(folder.glob("*.lock"))}
    return Origin(commit, digests, asked.variant, asked.python, version)


def _git(*words: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(ROOT), *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def laid_out(load: Load, asked: Asked, version: str, say: Callable[[str], None]) -> Manifest:
    """Write the bundle: pool, signed manifest, and what stands on every volume.

    Raises:
        BundleProblem: volumes are too small, or the keys cannot sign.
    """
    known: frozenset[str] = frozenset()
    if asked.since:
        known = frozenset(entry.sha256 for entry in decode(asked.since.read_bytes()).files)
    files, volumes = media.plan(load.packed, asked.size, known)
    gpu = asked.variant == "gpu"
    glibc = "{}.{}".format(*wheels.GLIBC)
    manifest = Manifest(
        name="appliance",
        version=version,
        serial=asked.serial or int(_git("rev-list", "--count", "HEAD")),
        variant=asked.variant,
        targets=Targets(
            "x86_64", glibc, asked.python, DRIVER if gpu else 0, CAPABILITY if gpu else 0
        ),
        volumes=volumes,
        files=files,
    )
    if asked.manifest_only:
        asked.out.mkdir(parents=True, exist_ok=True)
        (asked.out / "MANIFEST.json").write_bytes(encode(manifest))
        return manifest
    say("writing the pool")
    sources = {item.entry.sha256: item.source for item in load.packed}
    media.write(manifest, sources, asked.out, known)
    first = _first(manifest, asked.out)
    first.mkdir(parents=True, exist_ok=True)
    (first / "MANIFEST.json").write_bytes(encode(manifest))
    signing.sign(first / "MANIFEST.json", asked.keys, first / "keys")
    _add_what_every_volume_holds(manifest, sources, first, asked.out)
    return manifest


def _first(manifest: Manifest, out: Path) -> Path:
    return media.folders(manifest, out)[manifest.volumes[0].label]


def _add_what_every_volume_holds(
    manifest: Manifest, sources: dict[str, Path], first: Path, out: Path
) -> None:
    """Any medium can be the one that is put in first."""
    for label, folder in media.folders(manifest, out).items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "VOLUME").write_text(f"{label}\n", "ascii")
        if folder != first:
            for name in ("MANIFEST.json", "MANIFEST.json.sig", "MANIFEST.json.ecdsa"):
                shutil.copyfile(first / name, folder / name)
            shutil.copytree(first / "keys", folder / "keys")
        for entry in manifest.files:
            if entry.path == "deploy/install.sh" or entry.path.startswith("deploy/installer/"):
                target = folder / entry.path.removeprefix("deploy/")
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(sources[entry.sha256], target)


if __name__ == "__main__":
    sys.exit(main())
