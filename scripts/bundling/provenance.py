"""Where a bundle comes from: an in-toto Statement v1 with SLSA provenance v1 as its predicate.

Its subjects are the files of the bundle; it says from which commit and which locks they were
gathered.  It holds no time and no name of a machine, so that the same inputs give the same bytes;
the signature over the manifest, which lists this file, covers it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from deploy.installer.manifest import Entry

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPE = "appliance/bundle/v1"


@dataclass(frozen=True, slots=True)
class Origin:
    """The sources of a bundle."""

    commit: str  # of git, with "+changes" where the tree was not clean
    locks: Mapping[str, str]  # name of a lock -> SHA-256
    variant: str
    python: str
    version: str


def statement(origin: Origin, files: Iterable[Entry]) -> bytes:
    """The statement about these files."""
    materials = [{"digest": {"gitCommit": origin.commit}, "uri": "git+appliance"}]
    materials += [
        {"digest": {"sha256": digest}, "uri": f"offline-wheels/{name}"}
        for name, digest in sorted(origin.locks.items())
    ]
    told = {
        "_type": STATEMENT,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": {
                    "python": origin.python,
                    "variant": origin.variant,
                    "version": origin.version,
                },
                "resolvedDependencies": materials,
            },
            "runDetails": {"builder": {"id": "scripts/build_bundle"}},
        },
        "predicateType": PREDICATE,
        "subject": [
            {"digest": {"sha256": entry.sha256}, "name": entry.path}
            for entry in sorted(files, key=lambda entry: entry.path)
        ],
    }
    return (json.dumps(told, indent=1, sort_keys=True) + "\n").encode()
