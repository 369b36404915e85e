"""The one picture of the house, enforced: layers, homes of libraries, sizes, late imports."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "appliance"
CARRIED = ("witness.py", "verify_audit.py")  # programs for other machines: data of this house
MODULES = sorted(
    module
    for module in PACKAGE.rglob("*.py")
    if (module.parent.name, module.name) not in {("carried", name) for name in CARRIED}
)

# One room in several folders.
APP = frozenset({"acceptance", "app", "attest", "carried", "dossier", "export"})

# From the top: a room may import rooms further down, never its own level or above it.
LAYERS: tuple[frozenset[str], ...] = (
    frozenset({"cli"}),
    frozenset({"console"}),
    frozenset({"api"}),
    APP,
    frozenset({"tasks", "ingest"}),
    frozenset({"index"}),
    frozenset({"engine", "access"}),
    frozenset({"audit"}),
    frozenset({"store"}),
    frozenset({"crypto", "egress", "formats"}),
    frozenset({"sandbox", "plain", "printing", "results", "tables"}),
    frozenset({"closing", "config", "documents", "durable", "hints", "offline", "unbroken"}),
    frozenset({"errors"}),
)
HOMES: dict[str, tuple[str, ...]] = {
    "PIL": ("formats/",),
    "cedarpy": ("access/policy.py",),
    "charset_normalizer": ("formats/text.py",),
    "cv2": ("formats/scans/",),
    "click": ("cli/",),
    "cryptography": ("crypto/",),
    "faiss": ("index/dense.py",),
    "http": ("api/", "engine/client.py"),
    "jinja2": ("console/rendering.py",),
    "jsonschema": ("tasks/packs.py",),
    "lxml": ("formats/",),
    "markdown_it": ("formats/plain/prose.py",),
    "markupsafe": ("console/",),
    "olefile": ("formats/",),
    "msoffcrypto": ("formats/unlock.py",),
    "onnxruntime": ("formats/scans/recognise.py",),
    "pypdfium2": ("formats/pdf/", "formats/worker.py"),
    "rich": ("cli/",),
    "segno": ("printing/qr.py",),
    "sentence_transformers": ("index/embed.py",),
    "shamir_mnemonic": ("crypto/shares.py",),
    "socket": ("api/", "attest/", "console/serving.py", "egress/", "engine/", "sandbox/"),
    "sqlalchemy": ("store/",),
    "sqlcipher3": ("store/",),
    "starlette": ("console/",),
    "subprocess": ("acceptance/", "egress/", "engine/", "sandbox/"),
    "torch": ("index/embed.py",),
    "unstructured": (),  # only what the readers are compared with
    "uvicorn": ("console/serving.py",),
    "xlrd": ("formats/ole/xls.py",),
}
HEAVY = {"cedarpy", "faiss", "sentence_transformers", "torch", "transformers"} | {
    "vllm",
    "pypdfium2",
    "cv2",
    "onnxruntime",
    "PIL",
}

LONGEST_MODULE = 400
LONGEST_FUNCTION = 50
NO_NOUN = ("util", "helper", "common", "manager", "misc")


def room(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def level(name: str) -> int:
    return next(at for at, rooms in enumerate(LAYERS) if name in rooms)


def imports(tree: ast.AST) -> Iterator[tuple[ast.stmt, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            if node.module == "appliance":
                yield from ((node, f"appliance.{alias.name}") for alias in node.names)
            else:
                yield node, node.module or ""


def named(module: Path) -> str:
    return str(module.relative_to(PACKAGE))


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_imports_point_down(module: Path) -> None:
    if module.parent == PACKAGE and module.name == "__init__.py":
        return
    here = room(module)
    for _, name in imports(ast.parse(module.read_text("utf-8"))):
        if not name.startswith("appliance."):
            continue
        there = name.split(".")[1]
        if there in {here, "__version__"} or {here, there} <= APP:
            continue
        assert level(here) < level(there), f"{named(module)} imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_each_library_has_one_home(module: Path) -> None:
    for _, name in imports(ast.parse(module.read_text("utf-8"))):
        homes = HOMES.get(name.split(".")[0])
        if homes is not None:
            assert named(module).startswith(homes), f"{named(module)} imports {name}"


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_modules_and_functions_are_small_and_named(module: Path) -> None:
    source = module.read_text("utf-8")
    assert len(source.splitlines()) <= LONGEST_MODULE
    assert not any(word in module.name for word in NO_NOUN)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            assert lines <= LONGEST_FUNCTION, f"{named(module)}: {node.name} has {lines} lines"


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_only_the_command_line_prints_or_exits(module: Path) -> None:
    if room(module) == "cli":
        return
    source = module.read_text("utf-8")
    assert not re.search(r"^\s*(print|exit|quit)\(", source, re.M)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            assert (node.value.id, node.attr) != ("sys", "exit"), named(module)


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_only_config_reads_the_environment(module: Path) -> None:
    if named(module) in {"config.py", "cli/main.py"}:  # main applies the offline switches
        return
    source = module.read_text("utf-8")
    assert not re.search(r"os\.(environ|getenv|environb)", source)


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_no_index_file_is_ever_written_or_read(module: Path) -> None:
    source = module.read_text("utf-8")
    assert not re.search(r"faiss\.(write|read|serialize|deserialize)_index", source)
    assert "pickle" not in {name.split(".")[0] for _, name in imports(ast.parse(source))}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        named(m)
        for m in MODULES
        if m.stat().st_size and not ast.get_docstring(ast.parse(m.read_text("utf-8")))
    ]
    assert silent == []


def test_heavy_libraries_load_late() -> None:
    program = "import sys, appliance.cli.main; print(*sorted(sys.modules))"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    loaded = {name.split(".")[0] for name in run.stdout.split()}
    assert not loaded & (HEAVY | {"sqlalchemy", "numpy", "cryptography"})
