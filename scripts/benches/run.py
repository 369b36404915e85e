"""Runs the benches of the stages asked for and prints one table; ``--json FILE`` keeps them.

``--publish`` keeps them in ``scripts/benches/figures.json``, in the place of earlier ones of the
same stages, writes the table into FIGURES.md, and what leads into README.md.

Every bound is a ratio within one run, or a figure of this machine: the table names the processor.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib
import json
import os
import platform
import sys
import time
from pathlib import Path

from appliance import offline
from scripts import headlines
from scripts.benches.figure import Figure

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = ROOT / "scripts" / "benches" / "figures.json"
BEGIN, END = "<!-- figures -->", "<!-- /figures -->"
ON_REQUEST = ("bundle",)  # takes more than a minute, and wheels from a network the first time
STAGES = (
    "cli",
    "pdf",
    "ocr",
    "sandbox",
    "seal",
    "audit",
    "access",
    "service",
    "embed",
    "search",
    "whole",
    "generate",
)


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "stages",
        nargs="*",
        metavar="STAGE",
        help=f"{', '.join(STAGES)}; only when named: {', '.join(ON_REQUEST)}",
    )
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--publish", action="store_true", help="into FIGURES.md")
    parser.add_argument(
        "--with", dest="site", type=Path, metavar="SITE", help="a folder of further packages"
    )
    parser.add_argument(
        "--bundle",
        type=Path,
        metavar="DIR",
        action="append",
        default=[],
        help="with the stage bundle: one that is built, to be weighed",
    )
    options = parser.parse_args()
    if options.site:
        sys.path.append(str(options.site))  # after the environment's own: nothing is replaced
    known = (*STAGES, *ON_REQUEST)
    unknown = set(options.stages) - set(known)
    if unknown:
        parser.error(f"no such stage: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    offline.apply(os.environ)
    figures: list[Figure] = []
    for stage in options.stages or STAGES:
        begun = time.monotonic()
        print(f"measuring {stage} ...", file=sys.stderr, flush=True)
        measure = importlib.import_module(f"scripts.benches.{stage}").measure
        figures += measure(ROOT, options.bundle) if stage == "bundle" else measure(ROOT)
        print(f"  {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)
    print(table(figures, machine()))
    record = {"machine": machine(), "figures": [dataclasses.asdict(f) for f in figures]}
    if options.json:
        options.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    if options.publish:
        publish(figures)
    return 0


def publish(figures: list[Figure]) -> None:
    """Keep the figures of these stages, and show them."""
    fresh = {figure.stage for figure in figures}
    earlier = [Figure(**raw) for raw in json.loads(PUBLISHED.read_text("utf-8"))["figures"]]
    order = {stage: at for at, stage in enumerate((*STAGES, *ON_REQUEST))}
    named = {figure.name for figure in figures}
    kept = [f for f in earlier if f.stage not in fresh or _is_kept(f, named)] + figures
    kept.sort(key=lambda figure: order.get(figure.stage, len(order)))
    record = {"machine": machine(), "figures": [dataclasses.asdict(figure) for figure in kept]}
    PUBLISHED.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    headlines.PAGE.write_text(with_figures(headlines.PAGE.read_text("utf-8")), "utf-8")
    headlines.publish()


def _is_kept(earlier: Figure, named: set[str]) -> bool:
    """The size of a bundle that was not there this time: it is not built for a bench."""
    return earlier.name.startswith("size, ") and earlier.name not in named


def with_figures(page: str) -> str:
    """The page with the published figures between its two marks."""
    record = json.loads(PUBLISHED.read_text("utf-8"))
    shown = table([Figure(**figure) for figure in record["figures"]], record["machine"])
    before, rest = page.split(BEGIN)
    return f"{before}{BEGIN}\n{shown}\n{END}{rest.split(END)[1]}"


def machine() -> str:
    """The processor and how many of its cores this run may use."""
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        if line.startswith("model name")
    ]
    cores = len(os.sched_getaffinity(0))
    return f"{names[0] if names else platform.machine()}, {cores} cores, {platform.release()}"


def table(figures: list[Figure], where: str) -> str:
    """The figures as a Markdown table."""
    lines = [f"Measured on {where}.", "", "| stage | what | figure | bound | met | on |"]
    lines.append("|---|---|---|---|---|---|")
    for f in figures:
        met = "" if f.met is None else ("yes" if f.met else "**no**")
        value = f"{f.value:,.0f}" if f.value >= 100 else f"{f.value:.3g}"
        lines.append(f"| {f.stage} | {f.name} | {value} {f.unit} | {f.target} | {met} | {f.on} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
