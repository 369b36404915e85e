"""The doctor: what others could read is told, with the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance import config
from appliance.app import doctor


@pytest.mark.parametrize(("mode", "right"), [(0o400, True), (0o600, True), (0o644, False)])
def test_a_passphrase_file_of_the_units_that_others_can_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, right: bool
) -> None:
    (tmp_path / "home" / "store").mkdir(parents=True)
    (tmp_path / "home").chmod(0o700)
    file = tmp_path / "passphrase"
    file.touch()
    file.chmod(mode)
    monkeypatch.setattr(doctor, "UNITS_PASSPHRASE", file)
    finding = doctor._home(config.load(tmp_path / "home"))
    assert finding.right is right
    assert right or (str(file) in finding.found and "chmod 0400" in finding.remedy)
