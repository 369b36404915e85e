"""A model folder is exactly what its manifest lists, and only data."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from appliance.engine import models
from appliance.errors import ModelError

FILES = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors": bytes(range(256)),
    "chat_template.jinja": b"{{ messages }}",
    "1_Pooling/config.json": b"{}",
}


def make(
    folder: Path, contents: Mapping[str, bytes], changes: Mapping[str, object] | None = None
) -> Path:
    """Write a model folder and a manifest that lists it; ``changes`` replace manifest keys."""
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    manifest: dict[str, object] = {
        "name": "tiny",
        "kind": "language",
        "source": "made for this test",
        "licence": "Apache-2.0",
        "files": {
            name: {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in contents.items()
        },
    }
    (folder / "model.json").write_text(json.dumps(manifest | dict(changes or {})))
    return folder


def test_a_folder_that_is_as_listed_has_a_stable_identity(tmp_path: Path) -> None:
    first = models.verify(make(tmp_path / "a", FILES))
    assert (first.name, first.kind, first.licence) == ("tiny", "language", "Apache-2.0")
    assert len(first.digest) == 64
    second = make(tmp_path / "b", FILES)
    manifest = json.loads((second / "model.json").read_text())
    (second / "model.json").write_text(json.dumps(manifest, indent=4, sort_keys=True))
    assert models.verify(second) == first  # neither place nor white space matters


@pytest.mark.parametrize("name", FILES)
def test_every_changed_file_is_named(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path, FILES)
    data = bytearray(FILES[name])
    data[-1] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ModelError, match=f"{name} differs"):
        models.verify(folder)


@pytest.mark.parametrize("name", FILES)
def test_every_missing_and_every_cut_file_is_named(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path, FILES)
    (folder / name).write_bytes(FILES[name][:-1])
    with pytest.raises(ModelError, match=f"{name} differs"):
        models.verify(folder)
    (folder / name).unlink()
    with pytest.raises(ModelError, match=f"{name} is missing"):
        models.verify(folder)


@pytest.mark.parametrize("name", ["modeling.py", "pytorch_model.bin", "sub/extra.json", ".hidden"])
def test_a_file_that_is_not_listed_is_refused(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path, FILES)
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(b"{}")
    with pytest.raises(ModelError, match="is not listed"):
        models.verify(folder)


@pytest.mark.parametrize(
    "name", ["pytorch_model.bin", "model.pt", "weights.pkl", "modeling.py", "lib.so", "no_suffix"]
)
def test_code_and_pickles_are_refused_even_when_listed(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path, {**FILES, name: b"x"})
    with pytest.raises(ModelError, match="not a kind of file"):
        models.verify(folder)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("config.json", b'{"auto_map": {"AutoModel": "modeling.Model"}}'),
        ("tokenizer_config.json", b'{"auto_map": {}}'),
        ("modules.json", b'[{"type": "evil.module.Thing"}]'),
    ],
)
def test_a_configuration_that_points_to_code_is_refused(
    tmp_path: Path, name: str, data: bytes
) -> None:
    folder = make(tmp_path, {**FILES, name: data})
    with pytest.raises(ModelError, match="asks for code"):
        models.verify(folder)


def test_a_link_is_refused(tmp_path: Path) -> None:
    folder = make(tmp_path / "model", FILES)
    outside = tmp_path / "outside"
    outside.write_bytes(FILES["config.json"])
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(outside)
    with pytest.raises(ModelError, match="is a link"):
        models.verify(folder)


@pytest.mark.parametrize("name", ["/etc/hosts.txt", "../up.txt", "a/../b.txt", "./c.txt"])
def test_a_manifest_stays_inside_its_folder(tmp_path: Path, name: str) -> None:
    folder = make(tmp_path, FILES, {"files": {name: {"size": 1, "sha256": "0" * 64}}})
    with pytest.raises(ModelError, match="outside the folder"):
        models.verify(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"files": {}},
        {"files": {"config.json": {"size": True, "sha256": "0" * 64}}},
        {"files": {"config.json": {"size": 1, "sha256": "short"}}},
        {"files": {"config.json": 7}},
        {"kind": "other"},
        {"name": ""},
        {"licence": None},
    ],
)
def test_a_broken_manifest_is_refused(tmp_path: Path, changes: dict[str, object]) -> None:
    with pytest.raises(ModelError):
        models.verify(make(tmp_path, FILES, changes))


@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_not_a_table_is_refused(tmp_path: Path, data: bytes) -> None:
    folder = make(tmp_path, FILES)
    (folder / "model.json").write_bytes(data)
    with pytest.raises(ModelError, match="not usable"):
        models.verify(folder)


def test_a_missing_folder_is_named_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no model folder") as caught:
        models.verify(tmp_path / "absent")
    assert "scripts/setup" in caught.value.remedy


def test_what_was_hashed_before_is_remembered_until_it_changes(tmp_path: Path) -> None:
    folder, seen = make(tmp_path / "model", FILES), tmp_path / "seen.json"
    models.verify(folder, seen)
    assert len(json.loads(seen.read_text())) == len(FILES)
    changed = bytearray(FILES["model.safetensors"])
    changed[0] ^= 1
    (folder / "model.safetensors").write_bytes(changed)  # same size, new change time
    with pytest.raises(ModelError, match=r"model\.safetensors differs"):
        models.verify(folder, seen)


def test_no_file_is_remembered_whose_times_a_change_could_leave_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, seen = make(tmp_path / "model", FILES), tmp_path / "seen.json"
    ages: list[int] = []
    check = models._check_digest

    def look(path: Path, listed: models._Listed) -> None:
        ages.append(time.time_ns() - path.stat().st_ctime_ns)
        check(path, listed)

    monkeypatch.setattr(models, "_check_digest", look)
    models.verify(folder, seen)
    assert len(ages) == len(FILES)
    assert min(ages) > 10_000_000  # nanoseconds: the longest step of the kernel's clock


def test_a_damaged_memory_only_costs_time(tmp_path: Path) -> None:
    folder, seen = make(tmp_path / "model", FILES), tmp_path / "seen.json"
    seen.write_text("not JSON")
    assert models.verify(folder, seen).name == "tiny"
