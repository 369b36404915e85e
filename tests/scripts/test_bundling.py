"""The builder of bundles: what it refuses, what it writes, and that it writes the same twice."""

from __future__ import annotations

import json
import random
import shutil
import zipfile
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from deploy.installer.files import digest
from deploy.installer.manifest import Entry
from scripts import headlines
from scripts.benches import run
from scripts.benches.figure import Figure
from scripts.bundling import build, media, provenance, refusals, sbom, signing, wheels
from scripts.bundling.media import Packed
from scripts.bundling.problems import BundleProblem
from scripts.bundling.provenance import Origin
from scripts.bundling.signing import Keys
from scripts.bundling.wheels import Wheel
from scripts.installing import locks
from tests.engine.test_models import make


def wheel(folder: Path, name: str, metadata: str = "") -> Wheel:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        head = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}\n"
        archive.writestr(f"{name}-1.0.dist-info/METADATA", head)
        archive.writestr(f"{name}.py", "x = 1\n")
    return wheels.read(file)


# --- wheels ---------------------------------------------------------------------------------------


def test_a_wheel_says_what_it_is(tmp_path: Path) -> None:
    found = wheel(tmp_path, "one", "License-Expression: MIT\nRequires-Dist: Two_x>=1")

    assert (found.name, found.version, found.licence) == ("one", "1.0", "MIT")
    assert found.requires == ("Two_x>=1",)
    assert found.size == found.file.stat().st_size


@pytest.mark.parametrize(
    ("metadata", "licence"),
    [
        ("License: BSD-3-Clause", "BSD-3-Clause"),
        (
            "License: " + "words " * 40 + "\nClassifier: License :: OSI Approved :: MIT License",
            "MIT License",
        ),
        ("License: UNKNOWN", "not stated"),
        ("", "not stated"),
    ],
)
def test_licences_are_read_where_packages_put_them(
    tmp_path: Path, metadata: str, licence: str
) -> None:
    assert wheel(tmp_path, "one", metadata).licence == licence


def test_only_what_is_needed_is_carried(tmp_path: Path) -> None:
    own = wheel(tmp_path, "own", 'Requires-Dist: one[more]\nRequires-Dist: six; extra == "dev"')
    one = wheel(
        tmp_path,
        "one",
        'Requires-Dist: two; extra == "more"\nRequires-Dist: old; python_version < "3.0"',
    )
    rest = [wheel(tmp_path, name) for name in ("two", "six", "pytest")]

    found = wheels.reachable(own, [one, *rest], "3.11")

    assert [w.name for w in found] == ["one", "two"]
    with pytest.raises(BundleProblem, match="one needs two"):
        wheels.reachable(own, [one], "3.11")


def test_the_lock_of_the_bundle_lists_the_files_it_holds(tmp_path: Path) -> None:
    two, one = wheel(tmp_path, "two"), wheel(tmp_path, "one")
    lock = tmp_path / "app.txt"

    lock.write_bytes(wheels.relocked([two, one]))

    assert [(p.name, p.hashes) for p in locks.parse(lock)] == [
        ("one", frozenset({one.sha256})),
        ("two", frozenset({two.sha256})),
    ]


def test_a_lock_is_read_for_the_python_of_the_target(tmp_path: Path) -> None:
    lock = tmp_path / "app.lock"
    digest = "--hash=sha256:" + "0" * 64
    lock.write_text(
        f"one==1 ; python_full_version < '3.12' {digest}\n"
        f"one==2 ; python_full_version >= '3.12' {digest}\ntwo==1 {digest}\n"
    )

    versions = {
        python: [p.version for p in wheels.for_python(locks.parse(lock), python)]
        for python in ("3.11", "3.13")
    }
    assert versions == {"3.11": ["1", "1"], "3.13": ["2", "1"]}


def test_what_could_not_be_fetched_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = [False, True]
    monkeypatch.setattr(wheels, "PAUSES_S", (0.0, 0.0))
    monkeypatch.setattr(wheels, "_pip_ran", lambda _: answers.pop(0))
    one = locks.Locked("one", "1.0", "", frozenset({"0" * 64}))
    wheels._download([one], [], tmp_path, tmp_path)
    answers += [False, False]
    with pytest.raises(BundleProblem, match="could not fetch 1 package"):
        wheels._download([one], [], tmp_path, tmp_path)
    assert answers == []


def test_what_is_no_wheel_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.whl").write_bytes(b"PK no zip")

    with pytest.raises(BundleProblem, match="not a wheel"):
        wheels.read(tmp_path / "x.whl")
    source = replace(wheel(tmp_path, "one"), file=tmp_path / "one-1.0.tar.gz")
    with pytest.raises(BundleProblem, match="not a wheel"):
        refusals.refuse_other_files(tmp_path, [source])


@pytest.mark.parametrize(
    "licence", ["AGPL-3.0-only", "SSPL-1.0", "BUSL-1.1", "CC-BY-NC-4.0", "Elastic License 2.0"]
)
def test_bad_licences_are_refused_by_name(tmp_path: Path, licence: str) -> None:
    found = wheel(tmp_path, "one", f"License-Expression: {licence}")

    with pytest.raises(BundleProblem, match=f"one 1.0: its licence \\({licence}\\)"):
        refusals.refuse_licences([found])
    refusals.refuse_licences([wheel(tmp_path, "two", "License-Expression: Apache-2.0")])


@pytest.mark.parametrize("name", ["pytorch_model.bin", "modeling_x.py", "weights.pkl"])
def test_models_with_code_or_pickles_are_refused(tmp_path: Path, name: str) -> None:
    model = make(tmp_path / "model", {"config.json": b"{}", "model.safetensors": b"x"})
    refusals.refuse_model(model)
    (model / name).write_bytes(b"x")

    with pytest.raises(BundleProblem, match=name):
        refusals.refuse_model(model)


# --- bills and provenance -------------------------------------------------------------------------


def test_the_bill_lists_every_wheel_with_its_hash(tmp_path: Path) -> None:
    found = [wheel(tmp_path, name) for name in ("two", "one")]

    bill = json.loads(sbom.of_wheels("app", "1.0.0", found))

    assert bill["bomFormat"] == "CycloneDX"
    assert bill["specVersion"] == "1.6"
    listed = {c["purl"]: c["hashes"][0]["content"] for c in bill["components"]}
    assert listed == {f"pkg:pypi/{w.name}@1.0": w.sha256 for w in found}
    assert sbom.of_wheels("app", "1.0.0", found[::-1]) == sbom.of_wheels("app", "1.0.0", found)


def test_models_are_parts_of_their_own_kind() -> None:
    part = sbom.ModelPart("tiny", "a" * 64, "made", "MIT", (sbom.ModelFile("x.json", "b" * 64),))

    (listed,) = json.loads(sbom.of_models("1.0.0", [part]))["components"]

    assert listed["type"] == "machine-learning-model"
    assert listed["components"][0]["hashes"][0]["content"] == "b" * 64


def test_the_statement_names_every_file_and_every_lock() -> None:
    origin = Origin("c" * 40, {"app.lock": "d" * 64}, "core", "3.11", "1.0.0")
    entry = Entry("a", "doc", "MIT", "e" * 64, 1, "vol1")

    told = json.loads(provenance.statement(origin, [entry]))

    assert told["subject"] == [{"digest": {"sha256": "e" * 64}, "name": "a"}]
    found = told["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert [next(iter(m["digest"].values())) for m in found] == ["c" * 40, "d" * 64]


# --- media ----------------------------------------------------------------------------------------


def packed(folder: Path, path: str, size: int, kind: str = "wheel") -> Packed:
    source = folder / path
    source.parent.mkdir(parents=True, exist_ok=True)
    with source.open("wb") as file:
        file.write(path.encode())
        file.truncate(size)
    return Packed(Entry(path, kind, "MIT", digest(source), size, ""), source)


def test_volumes_are_filled_and_never_more(tmp_path: Path) -> None:
    mib = 1 << 20
    items = [packed(tmp_path, f"wheels/{n}.whl", 5 * mib) for n in range(4)]
    items.append(packed(tmp_path, "models/big", 40 * mib, "model"))
    items.append(packed(tmp_path, "locks/app.txt", 10, "lock"))

    files, volumes = media.plan(items, 24 * mib, frozenset())

    assert all(volume.bytes <= 16 * mib for volume in volumes)
    by_path = {entry.path: entry for entry in files}
    assert by_path["locks/app.txt"].volume == "vol1"
    big = by_path["models/big"]
    assert big.volume == ""
    assert sum(chunk.size for chunk in big.chunks) == 40 * mib
    assert len({chunk.volume for chunk in big.chunks}) >= 3
    assert sum(volume.bytes for volume in volumes) == 60 * mib + 10


def test_the_same_bytes_are_carried_once_and_known_ones_not_at_all(tmp_path: Path) -> None:
    one = packed(tmp_path, "wheels/app/one.whl", 1000)
    twin = Packed(replace(one.entry, path="wheels/engine/one.whl"), one.source)
    other = packed(tmp_path, "wheels/app/two.whl", 500)

    files, volumes = media.plan([one, twin, other], None, frozenset({other.entry.sha256}))

    assert len(files) == 3
    assert volumes[0].bytes == 1000


def laid_out(root: Path, found: list[Wheel], serial: int, since: Path | None = None) -> Path:
    keys = Keys(root / "keys" / "bundle_ed25519", root / "keys" / "bundle_p256.pem")
    out = root / f"out-{serial}"
    asked = build.Asked("core", "3.11", (), out, keys, root, None, since, serial, None)
    load = build.Load(scratch=root / f"scratch-{serial}")
    build.add_wheels(load, "app", "1.0.0", tuple(found))
    build.laid_out(load, asked, "1.0.0", lambda _: None)
    return out


@pytest.mark.skipif(
    shutil.which("ssh-keygen") is None or shutil.which("openssl") is None,
    reason="signing takes ssh-keygen and openssl, which this machine lacks",
)
def test_a_delta_is_no_larger_than_what_changed_and_a_hundredth(tmp_path: Path) -> None:
    signing.new_keys(tmp_path / "keys")
    packages = []
    for name in ("one", "two", "three", "four"):
        made = wheel(tmp_path / "wheels", name)
        with zipfile.ZipFile(made.file, "a") as archive:
            archive.writestr(f"{name}.bin", random.Random(name).randbytes(1 << 20))  # noqa: S311
        packages.append(wheels.read(made.file))
    old = laid_out(tmp_path, packages, 1)
    with zipfile.ZipFile(packages[2].file, "a") as archive:
        archive.writestr("more.bin", random.Random(5).randbytes(1 << 19))  # noqa: S311
    packages[2] = wheels.read(packages[2].file)

    delta = laid_out(tmp_path, packages, 2, old / "MANIFEST.json")

    size = sum(path.stat().st_size for path in delta.rglob("*") if path.is_file())
    assert packages[2].size <= size <= 1.01 * packages[2].size
    pooled = {path.name for path in delta.glob("pool/*/*/*")}
    assert pooled & {package.sha256 for package in packages} == {packages[2].sha256}


def test_the_size_of_a_bundle_outlives_a_run_that_had_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures, page, readme = tmp_path / "figures.json", tmp_path / "FIGURES.md", tmp_path / "README"
    page.write_text(f"{run.BEGIN}\n{run.END}\n")
    old = [Figure("bundle", name, 4.7, "GB", on="old") for name in ("size, gpu", "size, cpu", "x")]
    figures.write_text(json.dumps({"figures": [asdict(figure) for figure in old]}))
    monkeypatch.setattr(run, "PUBLISHED", figures)
    monkeypatch.setattr(headlines, "PAGE", page)
    monkeypatch.setattr(headlines, "publish", readme.touch)

    run.publish([Figure("bundle", "size, cpu", 1.7, "GB", on="new")])

    kept = [(f["name"], f["on"]) for f in json.loads(figures.read_text())["figures"]]
    assert kept == [("size, gpu", "old"), ("size, cpu", "new")]
    assert "4.7 GB" in page.read_text()


def test_the_python_that_unpacks_the_rest_comes_first_and_whole(tmp_path: Path) -> None:
    mib = 1 << 20
    items = [packed(tmp_path, f"models/{n}", 7 * mib, "model") for n in range(3)]
    items.append(packed(tmp_path, "python/python.tar.gz", 6 * mib, "python"))
    files, _ = media.plan(items, 16 * mib, frozenset())
    assert {e.path: e.volume for e in files}["python/python.tar.gz"] == "vol1"

    large = packed(tmp_path, "python/larger.tar.gz", 9 * mib, "python")
    with pytest.raises(BundleProblem, match="in one piece"):
        media.plan([large], 16 * mib, frozenset())


@pytest.mark.parametrize(
    "files",
    [
        ("thesis.doc",),
        ("vol1/MANIFEST.json", "thesis.doc"),  # where media are mounted
        ("vol1/thesis.doc",),
        ("MANIFEST.json", "pool/x", "thesis.doc"),
        ("keys/bundle_ed25519",),
    ],
)
def test_a_folder_with_other_things_is_not_cleared(tmp_path: Path, files: tuple[str, ...]) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")

    with pytest.raises(BundleProblem, match="something else"):
        media.clear(tmp_path)
    assert all((tmp_path / name).exists() for name in files)


@pytest.mark.parametrize("files", [("MANIFEST.json",), ("pool/x",), ("vol1/pool/x", "vol2/pool/x")])
def test_an_earlier_bundle_or_a_part_of_one_makes_room(
    tmp_path: Path, files: tuple[str, ...]
) -> None:
    for name in files:
        (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "out" / name).touch()
    media.clear(tmp_path / "out")
    assert not (tmp_path / "out").exists()
