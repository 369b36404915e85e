from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from appliance.errors import PackError
from appliance.plain import to_plain
from appliance.tasks import packs
from appliance.tasks.checking import found_in
from appliance.tasks.packs import Example, PackField

EXAMPLES = [
    pytest.param(field, example, id=f"{name}-{field.name}-{at}")
    for name in packs.available()
    for field in packs.load(name).fields
    for at, example in enumerate(field.examples)
]


@pytest.mark.parametrize(("field", "example"), EXAMPLES)
def test_every_example_of_every_pack_holds(field: PackField, example: Example) -> None:
    assert found_in(example, field) == example.value


def test_one_pack_per_sector_and_every_field_has_an_example() -> None:
    assert {name.split("/")[0] for name in packs.available()} >= {"legal", "health", "finance"}
    for name in packs.available():
        pack = packs.load(name)
        assert pack.sector == name.split("/")[0]
        assert [field.name for field in pack.fields if not field.examples] == []


def test_a_pack_has_a_plain_form() -> None:
    assert to_plain(packs.load("finance/invoice"))


def test_an_unknown_pack_lists_the_known_ones() -> None:
    for name in ("legal/nothing", "../legal/contract", ""):
        with pytest.raises(PackError) as caught:
            packs.load(name)
        assert "legal/contract" in caught.value.remedy


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ('sector = "finance"', 'sector = "naval"', "$.sector"),
        ('type = "party"', 'type = "ship"', "$.field[0].type"),
        ('sector = "finance"', 'sector = "finance"\ncolour = 1', "colour"),
        ('name = "tax"', 'name = "total"', "two fields"),
        ("'\\bsupplier\\b'", "'(supplier'", "field supplier"),
        ("<date>", "\\d+", "no group value"),
        ('name = "finance/invoice"', 'name = "finance/bill"', "finance/bill"),
        ("[[field]]", "[[field", "invoice.toml"),
    ],
)
def test_a_broken_pack_says_where(tmp_path: Path, old: str, new: str, place: str) -> None:
    shutil.copytree(packs.FOLDER, tmp_path, dirs_exist_ok=True)
    file = tmp_path / "finance" / "invoice.toml"
    source = file.read_text("utf-8")
    assert old in source
    file.write_text(source.replace(old, new, 1), "utf-8")
    with pytest.raises(PackError) as caught:
        packs.load("finance/invoice", tmp_path)
    assert "invoice.toml" in caught.value.message
    assert place in caught.value.message
