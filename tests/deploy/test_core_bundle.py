"""The real core bundle, built from the locks: installs and works in a network that holds nothing.

The same programs as in ``scripts/test_offline_install``, which walks the whole demo a second time
for the control, takes the engine with it, and has the matrices of tampering and kills.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from deploy.installer import preflight, releases
from scripts.bundling import signing
from scripts.proving import namespace, release, tampering

pytestmark = [
    pytest.mark.bundle,
    pytest.mark.models,
    pytest.mark.skipif(
        shutil.which("ssh-keygen") is None or shutil.which("openssl") is None,
        reason="signing takes ssh-keygen and openssl, which this machine lacks",
    ),
    pytest.mark.skipif(bool(namespace.refusal()), reason="this host allows no network namespaces"),
]
SERIAL = 7
CORE = ("--variant", "core", "--serial", str(SERIAL))


def git(*words: str) -> str:
    ask = ["git", "-C", str(namespace.ROOT), *words]
    return subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    signing.new_keys(folder)
    return folder


@pytest.fixture(scope="module")
def commit() -> str:
    """What the bundle is built from; the checkout may move on meanwhile."""
    return git("rev-parse", "HEAD")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory, keys: Path, commit: str) -> Path:
    out = tmp_path_factory.mktemp("core")
    release.build(out, keys, *CORE)
    return out


@pytest.fixture(scope="module")
def prefix(tmp_path_factory: pytest.TempPathFactory, bundle: Path) -> Path:
    """Installed from the bundle alone, where there is no network."""
    place = tmp_path_factory.mktemp("opt") / "appliance"
    ran = release.install(bundle, place, "--no-byte-code")
    assert ran.code == 0, ran.output
    assert ran.silent
    return place


@pytest.fixture(scope="module")
def current(prefix: Path) -> Path:
    return (prefix / releases.CURRENT).resolve()


def test_lock_bill_of_materials_and_what_is_installed_agree(current: Path) -> None:
    assert release.disagreements(current) == []

    site = next(current.glob("envs/app/lib/python3*/site-packages"))
    shutil.copytree(next(site.glob("click-*.dist-info")), site / "stranger-1.0.dist-info")
    metadata = site / "stranger-1.0.dist-info" / "METADATA"
    text = metadata.read_text("utf-8").replace("Name: click", "Name: stranger")
    metadata.unlink()  # a link to the same bytes in the cache
    metadata.write_text(text, "utf-8")
    try:
        assert len(release.disagreements(current)) == 1
    finally:
        shutil.rmtree(metadata.parent)


def test_it_takes_no_more_room_than_the_preflight_asks_for(prefix: Path, current: Path) -> None:
    found = {(s := path.lstat()).st_ino: s.st_blocks * 512 for path in prefix.rglob("*")}
    manifest = release.manifest_of(current)
    wheels = sum(entry.size for entry in manifest.of_kind("wheel"))
    asked = sum(e.size for e in manifest.files) + wheels * preflight.UNPACKED["core"]

    assert 0.6 * asked < sum(found.values()) < asked  # byte code comes on top
    assert len(found) < preflight.INODES["core"]


def test_every_file_of_the_package_is_installed(current: Path, commit: str) -> None:
    kept = git("ls-tree", "-r", "--name-only", commit, "appliance").split()
    site = next(current.glob("envs/app/lib/python3*/site-packages"))

    assert len(kept) > 100
    assert [name for name in kept if not (site / name).exists()] == []


def test_the_demo_runs_and_tries_nothing(current: Path, tmp_path: Path) -> None:
    command = current / "envs" / "app" / "bin" / "appliance"
    ran = release.demo(command, tmp_path, with_engine=False)

    assert ran.code == 0, ran.output[-2000:]
    assert ran.silent
    assert ran.namespaces  # the readers' own: they were looked into as well


def test_without_the_switches_attempts_are_counted(current: Path, tmp_path: Path) -> None:
    kept = release.linger(current, tmp_path)
    assert kept.code == 0, kept.output[-2000:]
    assert kept.silent
    assert kept.seconds > release.LINGER_S

    release.without_switches(current, tmp_path / "bare")
    bare = release.linger(tmp_path / "bare", tmp_path, release.CONTROL_S)
    assert bare.code == 0, bare.output[-2000:]
    assert bare.attempts > 0
    assert bare.sent == 0


def test_the_same_inputs_give_the_same_manifest(
    bundle: Path, keys: Path, commit: str, tmp_path: Path
) -> None:
    release.build(tmp_path / "again", keys, *CORE, "--manifest-only")
    if git("rev-parse", "HEAD") != commit:
        pytest.skip("somebody committed meanwhile: these are other inputs")

    again = tmp_path / "again" / "MANIFEST.json"
    assert again.read_bytes() == (bundle / "MANIFEST.json").read_bytes()
    assert list(again.parent.iterdir()) == [again]


def test_there_and_back_within_two_seconds(
    bundle: Path, prefix: Path, keys: Path, tmp_path: Path
) -> None:
    since = ("--since", str(bundle / "MANIFEST.json"))
    release.build(tmp_path / "delta", keys, *CORE[:2], "--serial", str(SERIAL + 1), *since)
    before = releases.current(prefix)
    upgraded = release.install(tmp_path / "delta", prefix, "--upgrade", "--no-byte-code")
    assert upgraded.code == 0, upgraded.output
    assert upgraded.silent
    assert releases.current(prefix) != before

    after = releases.current(prefix)
    seconds = [99.0]
    while min(seconds) > 2 and len(seconds) < 10:  # other work on the machine slows some of them
        begun = time.monotonic()
        back = tampering.offered(bundle, prefix, "--rollback")
        seconds.append(time.monotonic() - begun)
        assert back.returncode == 0, back.stderr
        assert releases.current(prefix) == (after if len(seconds) % 2 else before)
    assert min(seconds) <= 2
