"""A process that takes a folder in, in order to be killed in the middle of it.

Started by `appliance.acceptance.ground` with the home, the folder, the collection and one label;
the passphrase comes on the first line of standard input.  After each file it says so and waits for
a line, so that the kill strikes at a known place while the next files are being read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from appliance import config
from appliance.app.view import Appliance
from appliance.app.work.taking import Labels
from appliance.ingest.folder import walk

STORED = b"stored\n"


def main(arguments: Sequence[str]) -> None:
    """Take in until killed, or until the folder ends."""
    home, folder, collection, label = arguments
    passphrase = sys.stdin.readline().rstrip("\n")
    settings = config.load(Path(home))
    labels: Labels = ((label, "yes"),)
    with (
        Appliance.open(settings, passphrase, os.getuid(), "", lambda _: None) as appliance,
        closing(appliance.ingest(walk(Path(folder)), collection, labels)) as outcomes,
    ):
        for _ in outcomes:
            os.write(1, STORED)
            sys.stdin.readline()
