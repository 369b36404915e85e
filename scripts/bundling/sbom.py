"""Software bills of materials in CycloneDX 1.6 (ECMA-424): one per environment, one for models.

No time and no random number: the same parts give the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scripts.bundling.wheels import Wheel

_SPACE = uuid.UUID("6f0b5f8e-6a3b-5c8e-9a43-2f1f0a6c7d10")  # of this project's bills


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model."""

    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ModelPart:
    """One model folder as a part."""

    name: str
    digest: str  # SHA-256 of its canonical manifest
    source: str
    licence: str
    files: tuple[ModelFile, ...]


def of_wheels(name: str, version: str, wheels: Iterable[Wheel]) -> bytes:
    """The bill of one environment."""
    components = [
        {
            "bom-ref": f"pkg:pypi/{wheel.name}@{wheel.version}",
            "hashes": [{"alg": "SHA-256", "content": wheel.sha256}],
            "licenses": [{"license": {"name": wheel.licence}}],
            "name": wheel.name,
            "purl": f"pkg:pypi/{wheel.name}@{wheel.version}",
            "type": "library",
            "version": wheel.version,
        }
        for wheel in sorted(wheels, key=lambda wheel: wheel.name)
    ]
    return _bill(name, version, components)


def of_models(version: str, models: Iterable[ModelPart]) -> bytes:
    """The bill of the models, each with its files."""
    components = [
        {
            "bom-ref": f"model:{model.name}@{model.digest}",
            "components": [
                {
                    "hashes": [{"alg": "SHA-256", "content": file.sha256}],
                    "name": file.name,
                    "type": "file",
                }
                for file in model.files
            ],
            "description": model.source,
            "hashes": [{"alg": "SHA-256", "content": model.digest}],
            "licenses": [{"license": {"name": model.licence}}],
            "name": model.name,
            "type": "machine-learning-model",
            "version": model.digest[:12],
        }
        for model in sorted(models, key=lambda model: model.name)
    ]
    return _bill("models", version, components)


def _bill(name: str, version: str, components: Sequence[object]) -> bytes:
    facts = json.dumps([name, version, components], sort_keys=True)
    serial = uuid.uuid5(_SPACE, hashlib.sha256(facts.encode()).hexdigest())
    bill = {
        "bomFormat": "CycloneDX",
        "components": components,
        "metadata": {"component": {"name": name, "type": "application", "version": version}},
        "serialNumber": f"urn:uuid:{serial}",
        "specVersion": "1.6",
        "version": 1,
    }
    return (json.dumps(bill, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
