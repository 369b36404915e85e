"""The set ``extraction``: fields of contracts, receipts, filings, invoices and clinical notes.

Each part is a module with ``score(data, options)``; a part whose data are not there is left out.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from scripts.evaluating.options import Options
from scripts.evaluating.result import Result

PARTS = {  # part: its module, and the folder of its data
    "legal": ("legal", "legal_contracts"),
    "receipts": ("receipts", "scans"),
    "filings": ("filings", "finance_filings"),
    "invoices": ("invoices", "emails"),
    "clinical": ("clinical", "clinical_notes"),
}
NAMES = tuple(PARTS)


def measure(data: Path, options: Options) -> Result:
    """Score the parts that are asked for and have data."""
    result = Result()
    for name, (module, folder) in PARTS.items():
        if options.wants(name) and (data / folder).is_dir():
            part = importlib.import_module(f"scripts.evaluating.{module}")
            result += part.score(data, options)
    return result
