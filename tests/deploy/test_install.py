"""install.sh on small signed bundles: accepted, refused by name, killed and run again."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.installer import journal, releases
from deploy.installer.manifest import decode
from scripts.bundling import signing
from tests.deploy.bundles import DEPLOY, Small, small

pytestmark = pytest.mark.skipif(
    shutil.which("ssh-keygen") is None or shutil.which("openssl") is None,
    reason="signing takes ssh-keygen and openssl, which this machine lacks",
)
PAYLOADS = {
    "wheels/app/one-1.0-py3-none-any.whl": b"a wheel " * 400,
    "models/tiny/model.safetensors": bytes(range(256)) * 4096 * 24,
    "policies/default.cedar": b"permit nothing",
    "locks/tools.txt": b"one==1.0\n",
    "sbom/app.cdx.json": b"{}",
    "README.md": b"# Read me\n",
}


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> signing.Keys:
    return signing.new_keys(tmp_path_factory.mktemp("keys"))


def signed(bundle: Small, keys: signing.Keys) -> Small:
    for folder in bundle.folders:
        signing.sign(folder / "MANIFEST.json", keys, folder / "keys")
    return bundle


@pytest.fixture(scope="session")
def original(tmp_path_factory: pytest.TempPathFactory, keys: signing.Keys) -> Small:
    return signed(small(tmp_path_factory.mktemp("bundle"), PAYLOADS), keys)


@pytest.fixture
def bundle(original: Small, tmp_path: Path) -> Path:
    shutil.copytree(original.folders[0], tmp_path / "medium")
    return tmp_path / "medium"


def run(bundle: Path, prefix: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(bundle / "install.sh"), "--prefix", str(prefix), *words]
    home = {"PATH": os.environ["PATH"], "HOME": str(prefix.parent)}
    environment = {**home, "PYTHON": sys.executable, **more}  # found sooner than by many a PATH
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env=environment,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def trusted(bundle: Path) -> str:
    return "--fingerprint=" + signing.fingerprint(bundle / "keys" / "allowed_signers")


def tree(prefix: Path) -> dict[str, bytes | str]:
    """Everything below a prefix but the journal's times."""
    found: dict[str, bytes | str] = {}
    for path in sorted(prefix.rglob("*")):
        name = str(path.relative_to(prefix))
        if path.is_symlink():
            found[name] = os.readlink(path)
        elif path.is_file() and not name.startswith("state/installs"):
            found[name] = path.read_bytes()
    return found


def test_install_again_upgrade_and_back(
    original: Small, bundle: Path, keys: signing.Keys, tmp_path: Path
) -> None:
    prefix = tmp_path / "there"
    first = run(bundle, prefix, trusted(bundle))
    assert first.returncode == 0, first.stderr
    before = tree(prefix)
    assert (prefix / "current" / "policies" / "default.cedar").read_bytes() == b"permit nothing"
    assert run(bundle, prefix).returncode == 0  # the key is known now
    assert tree(prefix) == before

    more = PAYLOADS | {"README.md": b"# Read me, too\n"}
    known = frozenset(entry.sha256 for entry in original.manifest.files)
    delta = signed(small(tmp_path / "delta", more, serial=8, known=known), keys)
    upgraded = run(delta.folders[0], prefix, "--upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert (prefix / "current" / "README.md").read_bytes() == b"# Read me, too\n"
    size = sum(p.stat().st_size for p in delta.folders[0].rglob("pool/**/*") if p.is_file())
    assert size <= 1.01 * len(b"# Read me, too\n") or size < 100

    seconds = [99.0]
    while min(seconds) >= 2 and len(seconds) < 10:  # other work on the machine slows some of them
        begun = time.monotonic()
        back = run(bundle, prefix, "--rollback")
        seconds.append(time.monotonic() - begun)
        assert back.returncode == 0, back.stderr
        wanted = b"# Read me, too\n" if len(seconds) % 2 else b"# Read me\n"
        assert (prefix / "current" / "README.md").read_bytes() == wanted
    assert min(seconds) < 2


def test_an_older_bundle_is_refused_unless_allowed_and_both_are_on_record(
    bundle: Path, keys: signing.Keys, tmp_path: Path
) -> None:
    prefix = tmp_path / "there"
    assert run(bundle, prefix, trusted(bundle)).returncode == 0
    old = signed(small(tmp_path / "old", PAYLOADS, serial=6), keys).folders[0]

    refused = run(old, prefix)
    assert refused.returncode == 4
    assert "serial 6 is older than 7" in refused.stderr
    allowed = run(old, prefix, "--allow-older")
    assert allowed.returncode == 0, allowed.stderr
    assert releases.current(prefix) == "0.0.1-6"
    journal = (prefix / "state" / "installs.jsonl").read_text()
    assert '"action": "refused"' in journal
    assert '"allowed_older": true' in journal


def test_a_dry_run_changes_nothing(bundle: Path, tmp_path: Path) -> None:
    done = run(bundle, tmp_path / "there", trusted(bundle), "--dry-run")

    assert done.returncode == 0, done.stderr
    assert "Nothing was changed" in done.stdout
    assert not (tmp_path / "there").exists()


def test_uninstalling_asks_what_becomes_of_the_data(bundle: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "there"
    assert run(bundle, prefix, trusted(bundle)).returncode == 0

    assert run(bundle, prefix, "--uninstall").returncode == 2
    assert run(bundle, prefix, "--uninstall", "--keep-data").returncode == 0
    assert not prefix.exists()


# --- what is done once, alone, and on record before -----------------------------------------------


def actions(prefix: Path) -> list[tuple[str, str]]:
    return [(line.action, line.release) for line in journal.read(prefix / "state")]


def test_a_step_is_on_record_before_it_is_done_and_once(
    bundle: Path, keys: signing.Keys, tmp_path: Path
) -> None:
    prefix = tmp_path / "there"
    (prefix / ".current").mkdir(parents=True)  # so that the switch fails
    assert run(bundle, prefix, trusted(bundle)).returncode == 1
    assert not (prefix / "current").is_symlink()
    assert actions(prefix) == [("install", "0.0.1-7")]
    (prefix / ".current").rmdir()
    assert run(bundle, prefix, trusted(bundle)).returncode == 0
    assert actions(prefix) == [("install", "0.0.1-7")]

    newer = signed(small(tmp_path / "new", PAYLOADS, serial=8), keys).folders[0]
    assert run(newer, prefix, "--upgrade").returncode == 0
    (prefix / ".current").mkdir()
    for _ in range(2):
        assert run(newer, prefix, "--rollback").returncode == 1
    (prefix / ".current").rmdir()
    assert run(newer, prefix, "--rollback").returncode == 0
    assert releases.current(prefix) == "0.0.1-7"
    assert actions(prefix)[1:] == [("upgrade", "0.0.1-8"), ("rollback", "0.0.1-7")]


def test_another_bundle_of_the_same_serial_does_not_tear_down_what_is_in_force(
    bundle: Path, keys: signing.Keys, tmp_path: Path
) -> None:
    prefix = tmp_path / "there"
    assert run(bundle, prefix, trusted(bundle)).returncode == 0
    before = tree(prefix)
    twin = signed(small(tmp_path / "twin", PAYLOADS | {"README.md": b"# x\n"}), keys).folders[0]

    for words in (["--upgrade"], ["--dry-run"]):
        done = run(twin, prefix, *words)
        assert done.returncode == 4
        assert "another bundle with the serial 7" in done.stderr
    assert tree(prefix) == before


def test_two_at_once_do_not_remove_each_others_work(bundle: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "there"
    assert run(bundle, prefix, trusted(bundle)).returncode == 0
    with releases.alone(prefix):
        for words in ([], ["--rollback"], ["--uninstall", "--yes"]):
            done = run(bundle, prefix, *words)
            assert done.returncode == 1
            assert "another install.sh is at work" in done.stderr
    assert releases.current(prefix) == "0.0.1-7"


def test_folders_of_somebody_else_are_left_alone(bundle: Path, tmp_path: Path) -> None:
    """A prefix that was meant otherwise: a home with folders of these names."""
    home = tmp_path / "home"
    for name in ("tools", "releases/mine"):
        (home / name).mkdir(parents=True)
        (home / name / "file").write_text("mine")

    for words in ([], ["--uninstall", "--yes"]):
        done = run(bundle, home, trusted(bundle), *words)
        assert done.returncode == 1
        assert "is not of an installation" in done.stderr
    assert (home / "releases" / "mine" / "file").read_text() == "mine"
    nowhere = run(bundle, tmp_path / "nowhere", trusted(bundle), "--uninstall", "--yes")
    assert nowhere.returncode == 1
    assert "there is no installation" in nowhere.stderr


def test_what_no_kept_release_needs_goes(bundle: Path, keys: signing.Keys, tmp_path: Path) -> None:
    prefix = tmp_path / "there"
    assert run(bundle, prefix, trusted(bundle)).returncode == 0
    for serial in (8, 9):
        text = f"# {serial}\n".encode()
        more = small(tmp_path / str(serial), PAYLOADS | {"README.md": text}, serial=serial)
        assert run(signed(more, keys).folders[0], prefix, "--upgrade").returncode == 0

    wanted = {e.sha256 for e in more.manifest.files}
    wanted |= {hashlib.sha256(b"# 8\n").hexdigest()}
    assert {path.name for path in (prefix / "pool").glob("*/*/*")} == wanted


def test_a_dry_run_reads_every_file_of_a_bundle_for_another_machine(
    keys: signing.Keys, tmp_path: Path
) -> None:
    bundle = signed(small(tmp_path / "gpu", PAYLOADS, driver=9999), keys).folders[0]
    done = run(bundle, tmp_path / "there", trusted(bundle), "--dry-run")
    assert done.returncode == 3
    assert "FAIL NVIDIA driver" in done.stdout
    assert "verified" in done.stdout
    assert not (tmp_path / "there").exists()

    flip(pooled(bundle, "README.md"))
    assert run(bundle, tmp_path / "there", trusted(bundle), "--dry-run").returncode == 4
    assert run(bundle, tmp_path / "there", trusted(bundle)).returncode == 3
    assert not (tmp_path / "there").exists()


# --- a Python that the bundle carries -------------------------------------------------------------


def carrying(root: Path, keys: signing.Keys, program: str) -> Path:
    """A bundle with an archive as python-build-standalone makes them, of one program."""
    file = root / "python" / "bin" / "python3"
    file.parent.mkdir(parents=True)
    file.write_text(program)
    file.chmod(0o755)
    archive = root / "python.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(root / "python", "python")
    more = PAYLOADS | {"python/python.tar.gz": archive.read_bytes()}
    return signed(small(root / "bundle", more), keys).folders[0]


def test_a_carried_python_is_used_and_a_dry_run_leaves_nothing_of_it(
    keys: signing.Keys, tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    trace = tmp_path / "it-ran"
    real = f'#!/bin/sh\necho x >>"{trace}"\nexec "{sys.executable}" "$@"\n'
    bundle = carrying(tmp_path / "a b", keys, real)
    prefix = tmp_path / "there"

    dry = run(bundle, prefix, trusted(bundle), "--dry-run", TMPDIR=str(temporary))
    assert dry.returncode == 0, dry.stderr
    assert trace.exists()
    assert not prefix.exists()
    assert list(temporary.iterdir()) == []

    (prefix / "python" / ".part" / "half").mkdir(parents=True)  # of a run that was ended
    done = run(bundle, prefix, trusted(bundle))
    assert done.returncode == 0, done.stderr
    (archive,) = decode((bundle / "MANIFEST.json").read_bytes()).of_kind("python")
    assert os.listdir(prefix / "python") == [archive.sha256]


def test_a_carried_python_that_cannot_run_here_is_said(keys: signing.Keys, tmp_path: Path) -> None:
    bundle = carrying(tmp_path, keys, "#!/of/another/system\n")
    done = run(bundle, tmp_path / "there", trusted(bundle), "--dry-run")
    assert done.returncode == 3
    assert "does not run" in done.stderr

    pooled(bundle, "python/python.tar.gz").unlink()
    done = run(bundle, tmp_path / "there", trusted(bundle))
    assert done.returncode == 4
    assert "python/python.tar.gz: missing" in done.stderr


# --- what is refused ------------------------------------------------------------------------------


def pooled(bundle: Path, path: str) -> Path:
    manifest = decode((bundle / "MANIFEST.json").read_bytes())
    (found,) = (entry.sha256 for entry in manifest.files if entry.path == path)
    return bundle / "pool" / "sha256" / found[:2] / found


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def cut(path: Path) -> None:
    path.chmod(0o644)
    os.truncate(path, path.stat().st_size - 1)


def planted(path: Path) -> None:
    """Code that leaves a trace when it runs."""
    path.parent.mkdir(exist_ok=True)
    trace = str(path.parents[2] / "it-ran")
    path.write_text(f"open({trace!r}, 'w').close(); open({str(path.parent / 'it-ran')!r}, 'w')")


def hidden(bundle: Path, content: bytes) -> None:
    """A file of the pool like any other, but that nobody signed for."""
    found = hashlib.sha256(content).hexdigest()
    target = bundle / "pool" / "sha256" / found[:2] / found
    target.parent.mkdir(exist_ok=True)
    target.write_bytes(content)


NEWER = b"a newer wheel"
NEWER_HASH = hashlib.sha256(NEWER).hexdigest()
Tamper = Callable[[Path], object]
MATRIX: dict[str, tuple[Tamper, str]] = {
    "manifest": (lambda b: flip(b / "MANIFEST.json"), "MANIFEST.json: its signature"),
    "signature": (lambda b: flip(b / "MANIFEST.json.sig"), "MANIFEST.json: its signature"),
    "no signature": (lambda b: (b / "MANIFEST.json.sig").unlink(), "MANIFEST.json: its signature"),
    "key": (lambda b: flip(b / "keys" / "allowed_signers"), "key"),
    "installer": (lambda b: flip(b / "installer" / "pool.py"), "deploy/installer/pool.py"),
    "no installer": (lambda b: (b / "installer" / "pool.py").unlink(), "deploy/installer/pool.py"),
    "module added": (
        lambda b: (b / "installer" / "json.py").write_text("x=1"),
        "installer/json.py",
    ),
    "byte code": (lambda b: (b / "installer" / "x.pyc").write_text("x"), "installer/x.pyc"),
    "module hidden by a folder": (
        lambda b: planted(b / "installer" / "pool" / "__init__.py"),
        "installer/pool",
    ),
    "module beside install.sh": (lambda b: planted(b / "argparse.py"), "argparse.py"),
    **{
        f"{path}, one bit": (lambda b, path=path: flip(pooled(b, path)), path)  # type: ignore[misc]
        for path in PAYLOADS
    },
    **{
        f"{path}, removed": (lambda b, path=path: pooled(b, path).unlink(), path)  # type: ignore[misc]
        for path in PAYLOADS
    },
    **{
        f"{path}, cut": (lambda b, path=path: cut(pooled(b, path)), path)  # type: ignore[misc]
        for path in PAYLOADS
    },
    "renamed": (
        lambda b: pooled(b, "README.md").rename(pooled(b, "README.md").with_name("f" * 64)),
        "f" * 64,
    ),
    "swapped": (
        lambda b: shutil.copyfile(pooled(b, "README.md"), pooled(b, "sbom/app.cdx.json")),
        "sbom/app.cdx.json",
    ),
    "newer wheel planted": (
        lambda b: (b / "pool" / "one-2.0-py3-none-any.whl").write_bytes(b"wheel"),
        "one-2.0-py3-none-any.whl",
    ),
    "newer wheel planted under its hash": (lambda b: hidden(b, NEWER), NEWER_HASH),
    "file added": (lambda b: (b / "NOTES").write_text("x"), "NOTES"),
    "link added": (lambda b: (b / "pool" / "l").symlink_to("/etc/passwd"), "pool/l"),
}


@pytest.mark.parametrize("name", MATRIX)
def test_nothing_that_was_changed_is_installed(bundle: Path, tmp_path: Path, name: str) -> None:
    fingerprint = trusted(bundle)
    tamper, named = MATRIX[name]
    tamper(bundle)
    prefix = tmp_path / "there"

    done = run(bundle, prefix, fingerprint)

    assert done.returncode == 4, done.stdout + done.stderr
    assert named in done.stderr
    assert releases.current(prefix) == ""
    assert not list(tmp_path.rglob("it-ran"))


def test_another_persons_bundle_is_refused(bundle: Path, tmp_path: Path) -> None:
    prefix = tmp_path / "there"
    assert run(bundle, prefix, trusted(bundle)).returncode == 0
    other = signing.new_keys(tmp_path / "other")
    signing.sign(bundle / "MANIFEST.json", other, bundle / "keys")

    done = run(bundle, prefix)
    assert done.returncode == 4
    assert "not one of the trusted key" in done.stderr


@pytest.mark.parametrize("known", [True, False], ids=["where the new one stands", "anywhere"])
def test_an_old_manifest_over_a_new_pool_is_refused(
    bundle: Path, keys: signing.Keys, tmp_path: Path, known: bool
) -> None:
    """Both were signed once: the signature is good, and the serial or the pool gives it away."""
    prefix = tmp_path / "there"
    more = PAYLOADS | {"wheels/app/one-1.0-py3-none-any.whl": b"a mended wheel"}
    new = signed(small(tmp_path / "new", more, serial=8), keys).folders[0]
    fingerprint = trusted(new)
    if known:
        assert run(new, prefix, fingerprint).returncode == 0
    for name in ("MANIFEST.json", "MANIFEST.json.sig", "MANIFEST.json.ecdsa"):
        shutil.copyfile(bundle / name, new / name)

    done = run(new, prefix, fingerprint)

    assert done.returncode == 4, done.stderr
    mended = hashlib.sha256(b"a mended wheel").hexdigest()
    assert ("serial 7 is older than 8" if known else mended) in done.stderr
    assert releases.current(prefix) == ("0.0.1-8" if known else "")


@pytest.mark.parametrize("where", ["second line", "same line"])
def test_the_fingerprint_vouches_for_one_key_only(bundle: Path, tmp_path: Path, where: str) -> None:
    """The medium's file names the good key so that it is shown, and another that signs."""
    fingerprint = trusted(bundle)
    file = bundle / "keys" / "allowed_signers"
    good = file.read_text()
    other = signing.new_keys(tmp_path / "other")
    signing.sign(bundle / "MANIFEST.json", other, bundle / "keys")
    bad = file.read_text()
    key = " ".join(good.split()[-2:])
    file.write_text(good + bad if where == "second line" else f"{bad.strip()} {key}\n")

    done = run(bundle, tmp_path / "there", fingerprint)

    assert done.returncode == 4
    assert "not one of the trusted key" in done.stderr


def test_a_fingerprint_that_was_named_holds_where_a_key_is_known(
    bundle: Path, keys: signing.Keys, tmp_path: Path
) -> None:
    prefix = tmp_path / "there"
    assert run(bundle, prefix, trusted(bundle)).returncode == 0

    done = run(bundle, prefix, "--fingerprint", "SHA256:" + "x" * 43)
    assert done.returncode == 4
    assert "not with the key you named" in done.stderr


@pytest.mark.parametrize("words", [["--pref", "x"], ["--dry"], ["--rollback", "--upgrade"]])
def test_a_word_that_is_no_option_stops_it(bundle: Path, tmp_path: Path, words: list[str]) -> None:
    assert run(bundle, tmp_path / "there", trusted(bundle), *words).returncode == 2
    assert not (tmp_path / "there").exists()


def test_without_a_home_the_place_has_to_be_said(bundle: Path, tmp_path: Path) -> None:
    """As cron and some sudo rules leave it; the user is another than root here in any case."""
    somebody = tmp_path / "bin" / "id"
    somebody.parent.mkdir()
    somebody.write_text("#!/bin/sh\necho 1000\n")
    somebody.chmod(0o755)
    environment = {"PATH": f"{somebody.parent}:{os.environ['PATH']}"}
    command = ["sh", str(bundle / "install.sh"), trusted(bundle), "--dry-run"]

    def homeless(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, *words],
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    lost = homeless()
    assert lost.returncode == 2
    assert "HOME is not set" in lost.stderr
    assert homeless("--prefix", str(tmp_path / "there")).returncode == 0


def test_only_the_key_that_was_used_is_known_later(bundle: Path, tmp_path: Path) -> None:
    assert run(bundle, tmp_path / "there", trusted(bundle)).returncode == 0
    state = tmp_path / "there" / "state"
    assert {path.name for path in state.iterdir()} == {"allowed_signers", "installs.jsonl"}
    good = (bundle / "keys" / "allowed_signers").read_text()
    assert (state / "allowed_signers").read_text() == good


def test_the_installed_copy_goes_back_and_removes_without_the_medium(
    bundle: Path, keys: signing.Keys, tmp_path: Path
) -> None:
    prefix = tmp_path / "there"
    assert run(bundle, prefix, trusted(bundle)).returncode == 0
    newer = signed(small(tmp_path / "new", PAYLOADS, serial=8), keys).folders[0]
    assert run(newer, prefix, "--upgrade").returncode == 0
    shutil.rmtree(newer)
    command = ["sh", str(prefix / "current" / "deploy" / "install.sh")]

    def copy(*words: str) -> int:
        return subprocess.run([*command, *words], check=False, stdin=subprocess.DEVNULL).returncode

    assert copy() == 2
    assert copy("--rollback") == 0
    assert releases.current(prefix) == "0.0.1-7"
    assert copy("--uninstall", "--keep-data") == 0
    assert not prefix.exists()


def test_without_a_word_about_the_key_nothing_is_trusted(bundle: Path, tmp_path: Path) -> None:
    done = run(bundle, tmp_path / "there", "--yes")

    assert done.returncode == 4
    assert "--fingerprint" in done.stderr


def test_where_nothing_can_be_hashed_nothing_runs(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint = trusted(bundle)
    broken = tmp_path / "bin" / "sha256sum"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 127\n")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{broken.parent}:{os.environ['PATH']}")

    done = run(bundle, tmp_path / "there", fingerprint)

    assert done.returncode == 4
    assert "missing or changed" in done.stderr


def test_openssl_alone_is_enough(bundle: Path, tmp_path: Path) -> None:
    public = tmp_path / "elsewhere.pem"
    shutil.copyfile(bundle / "keys" / "bundle_p256.pub.pem", public)

    done = run(bundle, tmp_path / "there", "--pubkey", str(public), "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "signed by P-256:" in done.stdout
    flip(bundle / "MANIFEST.json.ecdsa")
    assert run(bundle, tmp_path / "there", "--pubkey", str(public)).returncode == 4


# --- volumes --------------------------------------------------------------------------------------


@pytest.fixture
def volumes(tmp_path: Path, keys: signing.Keys) -> tuple[Path, ...]:
    big = {"models/tiny/model.safetensors": os.urandom(25 << 20), "README.md": b"# Read me\n"}
    return signed(small(tmp_path / "volumes", big, size=16 << 20), keys).folders


def test_a_large_file_comes_in_chunks_from_several_volumes(
    volumes: tuple[Path, ...], tmp_path: Path
) -> None:
    assert len(volumes) > 2
    done = run(volumes[0], tmp_path / "there", trusted(volumes[0]))

    assert done.returncode == 0, done.stderr


def test_the_missing_volume_is_asked_for_by_its_label(
    volumes: tuple[Path, ...], tmp_path: Path
) -> None:
    away = tmp_path / "drawer"
    volumes[1].rename(away)
    fingerprint = trusted(volumes[0])

    done = run(volumes[0], tmp_path / "there", fingerprint)
    assert done.returncode == 1
    assert "vol2" in done.stderr
    again = run(volumes[0], tmp_path / "there", fingerprint, "--media", str(away))
    assert again.returncode == 0, again.stderr


def test_swapped_labels_and_a_cut_chunk_are_named(
    volumes: tuple[Path, ...], tmp_path: Path
) -> None:
    labels = [(folder / "VOLUME").read_text() for folder in volumes[:2]]
    for folder, label in zip(volumes[:2], labels[::-1], strict=True):
        (folder / "VOLUME").write_text(label)
    swapped = run(volumes[0], tmp_path / "there", trusted(volumes[0]))
    assert swapped.returncode == 4
    assert "chunk" in swapped.stderr or "missing" in swapped.stderr
    for folder, label in zip(volumes[:2], labels, strict=True):
        (folder / "VOLUME").write_text(label)
    cut(next(path for path in volumes[1].rglob("pool/**/*") if path.is_file()))
    damaged = run(volumes[0], tmp_path / "there", trusted(volumes[0]))
    assert damaged.returncode == 4
    assert "on vol2" in damaged.stderr


@pytest.mark.parametrize("name", ["installer/pool.py", "install.sh", "MANIFEST.json"])
def test_a_volume_that_is_not_of_this_bundle_is_refused(
    volumes: tuple[Path, ...], tmp_path: Path, name: str
) -> None:
    flip(volumes[1] / name)
    done = run(volumes[0], tmp_path / "there", trusted(volumes[0]))

    assert done.returncode == 4, done.stderr
    assert name in done.stderr


# --- words ----------------------------------------------------------------------------------------


def test_the_help_needs_no_key_and_names_every_option(tmp_path: Path) -> None:
    script = DEPLOY / "install.sh"
    lone = tmp_path / "install.sh"
    shutil.copyfile(script, lone)
    shown = subprocess.run(["sh", lone, "--help"], capture_output=True, text=True, check=True)
    options = set(re.findall(r'"(--[a-z-]+)"', (DEPLOY / "installer" / "main.py").read_text()))
    options |= set(re.findall(r"^    (--[a-z]+)\)", script.read_text(), re.M))
    options |= {f"--{name}" for name in ("upgrade", "rollback", "uninstall")}
    assert len(options) > 10
    assert options - {"--bundle", "--signer", "--trusted", "--made"} <= set(
        re.findall(r"--[a-z-]+", shown.stdout)
    )


SHELLS = [s for s in ("dash", "bash", "busybox", "mksh", "ksh") if shutil.which(s)]


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_reads_it_the_same(bundle: Path, tmp_path: Path, shell: str) -> None:
    command = [shell, *(["sh"] if shell == "busybox" else []), str(bundle / "install.sh")]
    command += ["--prefix", str(tmp_path / "a b"), trusted(bundle), "--dry-run", "--yes"]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert done.returncode == 0, done.stderr
    assert "Nothing was changed" in done.stdout


# --- kills ----------------------------------------------------------------------------------------


def test_killed_anywhere_the_next_run_ends_in_the_same_tree(bundle: Path, tmp_path: Path) -> None:
    fingerprint = trusted(bundle)
    begun = time.monotonic()
    assert run(bundle, tmp_path / "calm", fingerprint).returncode == 0
    whole = time.monotonic() - begun
    wanted = tree(tmp_path / "calm")
    prefix = tmp_path / "there"
    command = ["sh", str(bundle / "install.sh"), "--prefix", str(prefix), fingerprint]
    for point in range(20):
        shutil.rmtree(prefix, ignore_errors=True)
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        ) as child:
            time.sleep(whole * (point + 0.5) / 20)
            os.killpg(child.pid, signal.SIGKILL) if child.poll() is None else None
            child.communicate()  # until none of them is left: one may wait for the disk, and lock
        if (prefix / "current").is_symlink():
            assert (prefix / "current").exists(), point
        done = run(bundle, prefix, fingerprint)
        assert done.returncode == 0, (point, done.stderr)
        assert tree(prefix) == wanted, point
