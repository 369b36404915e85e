"""Small bundles for tests: real manifests, pools and signatures, with payloads of a few bytes."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from deploy.installer.manifest import Entry, Manifest, Targets, encode
from scripts.bundling import media
from scripts.bundling.media import Packed

DEPLOY = Path(__file__).parents[2] / "deploy"


@dataclass(frozen=True, slots=True)
class Small:
    """A bundle on disk: its folder, or the folders of its volumes."""

    manifest: Manifest
    folders: tuple[Path, ...]


def small(
    root: Path,
    payloads: dict[str, bytes],
    *,
    serial: int = 7,
    size: int | None = None,
    known: frozenset[str] = frozenset(),
    driver: int = 0,
) -> Small:
    """Lay out ``payloads`` (path -> content) with the real installer, unsigned."""
    packed = [_packed(root, path, content) for path, content in payloads.items()]
    for source in sorted((DEPLOY / "installer").glob("*.py")):
        packed.append(_packed(root, f"deploy/installer/{source.name}", source.read_bytes()))
    packed.append(_packed(root, "deploy/install.sh", (DEPLOY / "install.sh").read_bytes()))
    files, volumes = media.plan(packed, size, known)
    targets = Targets("x86_64", "2.17", "3.11", driver)
    variant = "gpu" if driver else "core"
    manifest = Manifest("appliance", "0.0.1", serial, variant, targets, volumes, files)
    out = root / "out"
    sources = {item.entry.sha256: item.source for item in packed}
    media.write(manifest, sources, out, known)
    folders = media.folders(manifest, out)
    for label, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "VOLUME").write_text(label + "\n", "ascii")
        (folder / "MANIFEST.json").write_bytes(encode(manifest))
        shutil.copytree(
            DEPLOY / "installer",
            folder / "installer",
            ignore=shutil.ignore_patterns("__pycache__"),
        )
        shutil.copyfile(DEPLOY / "install.sh", folder / "install.sh")
    return Small(manifest, tuple(folders.values()))


def _packed(root: Path, path: str, content: bytes) -> Packed:
    source = root / "source" / path
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_bytes(content)
    kind = {"deploy": "unit", "python": "python"}.get(path.partition("/")[0], "doc")
    digest = hashlib.sha256(content).hexdigest()
    return Packed(Entry(path, kind, "Apache-2.0", digest, len(content), ""), source)
