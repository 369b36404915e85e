"""The bundle: how quickly a pool is verified, the core environment installed, and how large it is.

Builds the core variant from what ``scripts/build_bundle`` keeps in ``.local/wheelhouse`` and
installs it in a temporary folder.  The first run fetches the wheels, which is not measured.  The
other variants are gigabytes: they are weighed where their wheels lie there already, or where
``scripts/bench bundle --bundle DIR`` names one that is built.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from deploy.installer.manifest import Manifest, decode
from deploy.installer.pool import check
from scripts.benches.figure import Figure

GB = 1e9
BLOCK = 512 << 20  # bytes that are hashed for the rate


def measure(root: Path, given: Sequence[Path] = ()) -> list[Figure]:
    """Every figure of the bundle; ``given`` are bundles that are built, to be weighed only."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bundle = _built(root, folder)
        manifest = decode((bundle / "MANIFEST.json").read_bytes())
        return [
            _rate(folder),
            _verified(bundle, manifest),
            *_installed(folder, bundle),
            *_sizes(root, bundle, given),
        ]


def _built(root: Path, folder: Path) -> Path:
    build = [str(root / "scripts" / "build_bundle")]
    _run([*build, "--new-keys", str(folder / "keys")])
    out = folder / "core"
    _run([*build, "--variant", "core", "--keys", str(folder / "keys"), "--out", str(out)])
    return out


def _run(words: list[str]) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def _rate(folder: Path) -> Figure:
    """One large file that lies in the page cache, as the installer checks it: processor time."""
    file = folder / "large"
    piece = os.urandom(1 << 20)
    file.write_bytes(piece * (BLOCK >> 20))
    digest = hashlib.sha256(piece * (BLOCK >> 20)).hexdigest()
    best = 0.0
    for _ in range(3):
        begun = time.process_time()
        check(file, digest, BLOCK, "large")
        best = max(best, BLOCK / (time.process_time() - begun) / GB)
    on = f"one file of {BLOCK >> 20} MiB, in memory; best of 3, processor time of one core"
    return Figure("bundle", "verify", best, "GB/s", ">= 1.0 per core", best >= 1.0, on)


def _verified(bundle: Path, manifest: Manifest) -> Figure:
    begun = time.process_time()
    total = 0
    for entry in manifest.files:
        pooled = bundle / "pool" / "sha256" / entry.sha256[:2] / entry.sha256
        check(pooled, entry.sha256, entry.size, entry.path)
        total += entry.size
    rate = total / (time.process_time() - begun) / GB
    on = f"{len(manifest.files)} files of the core variant, processor time of one core"
    return Figure("bundle", "verify, whole pool", rate, "GB/s", on=on)


def _installed(folder: Path, bundle: Path) -> list[Figure]:
    """The installer's own seconds, out of what it prints."""
    key = _run(["ssh-keygen", "-l", "-f", str(folder / "keys" / "bundle_ed25519.pub")]).split()[1]
    command = ["sh", str(bundle / "install.sh"), "--prefix", str(folder / "there")]
    begun = time.monotonic()
    told = _run([*command, "--fingerprint", key, "--yes"])
    whole = time.monotonic() - begun
    made = _seconds(told, "app environment")
    compiled = _seconds(told, "app byte code")
    on = "core variant, wall clock"
    return [
        Figure("bundle", "core environment from the pool", made, "s", "<= 10 s", made <= 10, on),
        Figure("bundle", "its byte code, once in force", compiled, "s", on=on),
        Figure("bundle", "install.sh, start to end", whole, "s", on=on),
    ]


def _seconds(told: str, what: str) -> float:
    found = re.search(rf"{what}: ([\d.]+) s", told)
    if found is None:
        raise RuntimeError(f"install.sh did not say how long it took: {what}")
    return float(found[1])


def _sizes(root: Path, core: Path, given: Sequence[Path]) -> list[Figure]:
    """Built bundles by what they weigh; others by what the wheelhouse already holds for them."""
    weighed = dict(_weighed(bundle) for bundle in (core, *given))
    manifest = decode((core / "MANIFEST.json").read_bytes())
    models = sum(f.stat().st_size for f in (root / ".local" / "models").rglob("*") if f.is_file())
    rest = weighed["core"].value - sum(e.size for e in manifest.of_kind("model")) / GB
    for variant in ("cpu", "gpu"):
        house = root / ".local" / "wheelhouse" / f"engine-{variant}-cp311"
        wheels = sum(f.stat().st_size for f in house.glob("*.whl"))
        if wheels and variant not in weighed:
            weighed[variant] = _size(variant, rest + (models + wheels) / GB, "by its wheels")
    return list(weighed.values())


def _weighed(bundle: Path) -> tuple[str, Figure]:
    manifest = decode((bundle / "MANIFEST.json").read_bytes())
    size = sum(path.stat().st_size for path in bundle.rglob("*") if path.is_file())
    return manifest.variant, _size(manifest.variant, size / GB, f"{len(manifest.files)} files")


def _size(variant: str, size: float, on: str) -> Figure:
    return Figure("bundle", f"size, {variant}", size, "GB", on=f"{on}, with the default models")
