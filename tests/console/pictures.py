"""Makes the pictures of deploy/notes/officer.md from the screenshots of the last walk:

python -m pytest tests/console/test_browser.py && python -m tests.console.pictures
"""

from __future__ import annotations

import sys

from PIL import Image

from tests.console.test_browser import OUT, ROOT

PICTURES = ROOT / "deploy" / "notes" / "officer"
SHOWN = ("login", "overview", "timeline", "event", "wall", "review", "evidence", "verify")
WIDTH = 960  # pixels


def main() -> int:
    """Write one small WebP for each screenshot that the notes show."""
    PICTURES.mkdir(exist_ok=True)
    for name in SHOWN:
        with Image.open(OUT / f"{name}.png") as shot:
            high = round(shot.height * WIDTH / shot.width)
            small = shot.convert("RGB").resize((WIDTH, high), Image.Resampling.LANCZOS)
            small.save(PICTURES / f"{name}.webp", quality=82, method=6)
    return 0


if __name__ == "__main__":
    sys.exit(main())
