"""A small installed release for tests: real manifest, locks, and packages by their names only.

The embedding model is the real one; the environments hold nothing but what makes a package known.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zipfile
from pathlib import Path

from appliance import config
from appliance.offline import SWITCHES

EMBEDDING = "all-minilm-l6-v2"
PACKAGES = {"numpy": "2.4.6", "Faiss.cpu": "1.14.3"}


def install(where: Path, variant: str = "core") -> Path:
    """Lay a release out below ``where``; its root."""
    root = where / "releases" / "1.0.0-7"
    _write(root / "deploy" / "offline.env", "".join(f"{k}={v}\n" for k, v in SWITCHES.items()))
    for part in ("app",) if variant == "core" else ("app", "engine"):
        lock = "".join(f"{n}=={v} --hash=sha256:00\n" for n, v in sorted(PACKAGES.items()))
        _write(root / "locks" / f"{part}.txt", lock)
        for name, version in PACKAGES.items():
            unpack(wheel(root, part, name.replace(".", "_"), version), root, part)
    (root / "models").mkdir()
    (root / "models" / EMBEDDING).symlink_to(config.load(where).models / EMBEDDING)
    model(root / "models" / "tiny")
    _manifest(root, variant)
    return root


def plant(root: Path, part: str, name: str, version: str) -> Path:
    """Make a package known to one environment."""
    site = root / "envs" / part / "lib" / "python3.11" / "site-packages"
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    return folder


def wheel(root: Path, part: str, name: str, version: str) -> Path:
    """A wheel of one module."""
    info = f"{name}-{version}.dist-info"
    files = {f"{name}/__init__.py": f"x = {version!r}\n", f"{info}/METADATA": f"Name: {name}\n"}
    files |= {
        f"{name}-{version}.data/purelib/{name}_more.py": "",
        f"{name}-{version}.data/data/x": "",
    }
    rows = [f"{path},{_spelled(text.encode())},{len(text)}\n" for path, text in files.items()]
    file = root / "wheels" / part / f"{name}-{version}.whl"
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w") as packed:
        for path, text in files.items():
            packed.writestr(path, text)
        packed.writestr(f"{info}/RECORD", "".join([*rows, f"{info}/RECORD,,\n"]))
    return file


def unpack(packed: Path, root: Path, part: str) -> None:
    """Put a wheel where Python imports from, as an installer does."""
    site = root / "envs" / part / "lib" / "python3.11" / "site-packages"
    with zipfile.ZipFile(packed) as wheel:
        for name in wheel.namelist():
            _, inside, rest = name.partition(".data/purelib/")
            if inside or ".data/" not in name:
                _write(site / (rest or name), wheel.read(name).decode())
    _write(site / "_numa_stand_in.py" if part == "engine" else site / "__pycache__/x.pyc", "")


def _spelled(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"


def model(folder: Path) -> Path:
    """A language model of a few bytes, with its manifest; its weights."""
    weights = folder / "model.safetensors"
    _write(weights, "0123456789")
    listed = {"size": 10, "sha256": _digest(weights)}
    manifest = {"name": "tiny", "kind": "language", "source": "made up", "licence": "Apache-2.0"}
    _write(folder / "model.json", json.dumps(manifest | {"files": {weights.name: listed}}))
    return weights


def flip(path: Path, at: int | None = None) -> None:
    """Change one byte in the middle, or at a place."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if at is None else at] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)


def _manifest(root: Path, variant: str) -> None:
    files = [
        {
            "path": str(p.relative_to(root)),
            "kind": "doc",
            "size": p.stat().st_size,
            "sha256": _digest(p),
        }
        for folder in ("deploy", "locks", "wheels", "models/tiny")
        for p in sorted((root / folder).rglob("*"))
        if p.is_file()
    ]
    tool = {"path": "tools/uv.whl", "kind": "tool", "size": 1, "sha256": "0" * 64}
    files.append(tool)  # stays in the pool
    table = {"version": "1.0.0", "serial": 7, "variant": variant, "files": files}
    _write(root / "MANIFEST.json", json.dumps(table))
    _write(root / ".complete", _digest(root / "MANIFEST.json") + "\n")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
