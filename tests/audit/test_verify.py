"""Whatever is done to a log, ``verify`` says which record is the first bad one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from appliance.audit import segments
from appliance.audit import verify as verifying
from appliance.audit.checkpoint import Checkpoint, write_note
from appliance.audit.merkle import leaf_hash, root_of
from appliance.audit.verify import verify
from appliance.crypto import sign
from appliance.errors import AuditError
from tests.audit.logbox import SEED, LogBox, act

PUBLIC = sign.public_key(SEED)


def verdict_on(box: LogBox) -> str:
    """What verify complains of."""
    with pytest.raises(AuditError) as caught:
        verify(box.folder, PUBLIC)
    return caught.value.message


def names(box: LogBox, seq: int, line: int | None = None) -> None:
    message = verdict_on(box)
    assert f"000000.jsonl line {line or seq + 1}: record {seq} " in message, message


def test_a_whole_log_verifies(box: LogBox) -> None:
    box.filled(10)
    verdict = verify(box.folder, PUBLIC)
    assert (verdict.records, verdict.checkpoint_size) == (21, 21)
    leaves = [leaf_hash(line.rstrip(b"\n")) for line in box.lines()]
    assert verdict.root == root_of(leaves).hex()
    assert verdict.origin == "appliance.local/" + "5e" * 16
    assert verdict.first < verdict.last
    assert (verdict.torn_bytes, verdict.clock_steps_back) == (0, 0)


def test_a_line_that_is_being_written_is_the_last_one_read(box: LogBox) -> None:
    """A service goes on writing while somebody verifies."""
    whole = box.filled(1).lines()[-1]
    with box.segment.open("ab", buffering=0) as file:
        file.write(whole[:50])
        reading = segments.lines(box.folder)
        read = [next(reading) for _ in range(4)]
        file.write(whole[50:])
        assert [line.whole for line in (*read, *reading)] == [True, True, True, False]


def test_flipped_bytes_are_named(box: LogBox) -> None:
    """One bit in every third byte of five records: each time the record it lies in."""
    data = box.filled(2).segment.read_bytes()
    for at in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 7
        box.segment.write_bytes(damaged)
        names(box, data.count(b"\n", 0, at))


@pytest.mark.parametrize("rubbish", [b"x\n", b"\n" * 300, b"rubbish\n" * 300, b'{"seq":0}\n' * 9])
@pytest.mark.parametrize("kept", [0, 2])
def test_what_is_no_log_at_all_is_named_as_such(box: LogBox, rubbish: bytes, kept: int) -> None:
    """Not even the times and kinds are there that are read before the hashes are compared."""
    lines = box.filled(5).lines()[:kept]
    box.segment.write_bytes(b"".join(lines) + rubbish)
    message = f"000000.jsonl line {kept + 1}: record {kept} is not an audit record"
    assert message in verdict_on(box)
    with pytest.raises(AuditError, match=f"record {kept} is not"):
        box.open()


@pytest.mark.parametrize("at", range(7))
def test_a_removed_record_is_named(box: LogBox, at: int) -> None:
    lines = box.filled(3).lines()
    del lines[at]
    box.write_lines(lines)
    names(box, at)


@pytest.mark.parametrize("at", range(7))
def test_a_doubled_record_is_named(box: LogBox, at: int) -> None:
    lines = box.filled(3).lines()
    lines.insert(at, lines[at])
    box.write_lines(lines)
    names(box, at + 1, line=at + 2)


@pytest.mark.parametrize("at", range(1, 8))
def test_a_forged_record_put_in_with_the_right_link_is_named(box: LogBox, at: int) -> None:
    """It takes the number and the link of the record that it pushes down, and says otherwise."""
    lines = box.filled(3).lines()
    model = lines[at] if at < 7 else lines[6].replace(b'"seq":6', b'"seq":7')
    if at == 7:
        old = model[model.index(b'"prev":"') + 8 :][:64]
        model = model.replace(old, leaf_hash(lines[6].rstrip()).hex().encode())
    lines.insert(at, model.replace(b'"uid":', b'"uid":9'))
    box.write_lines(lines)
    if at == 7:  # behind the checkpoint: the link holds, the signature does not reach it
        assert verify(box.folder, PUBLIC).records == 8
    else:
        names(box, at)


@pytest.mark.parametrize("at", range(1, 7))
def test_a_forged_record_put_in_with_a_wrong_link_is_named(box: LogBox, at: int) -> None:
    lines = box.filled(3).lines()
    prev = lines[at][lines[at].index(b'"prev":"') + 8 :][:64]
    lines.insert(at, lines[at].replace(prev, b"7" * 64))
    box.write_lines(lines)
    names(box, at)


def test_a_record_put_behind_the_checkpoint_with_a_wrong_link_is_named(box: LogBox) -> None:
    lines = box.filled(3).lines()
    box.write_lines([*lines, lines[6].replace(b'"seq":6', b'"seq":7')])
    names(box, 7)


@pytest.mark.parametrize("at", range(6))
def test_swapped_records_are_named(box: LogBox, at: int) -> None:
    lines = box.filled(3).lines()
    lines[at], lines[at + 1] = lines[at + 1], lines[at]
    box.write_lines(lines)
    names(box, at)


def test_every_cut_of_the_end_is_named(box: LogBox) -> None:
    data = box.filled(2).segment.read_bytes()
    for length in range(0, len(data), 7):
        box.segment.write_bytes(data[:length])
        names(box, data.count(b"\n", 0, length))


def test_a_missing_segment_is_named(box: LogBox) -> None:
    box.create().close()
    with box.open(segment_records=4) as log:
        for number in range(6):
            act(log, number)
    first, second = sorted((box.folder / "log").iterdir())[1:3]
    second.unlink()
    assert f"{second} is missing" in verdict_on(box)
    first.unlink()
    assert f"{first} is missing" in verdict_on(box)


def test_a_cut_inside_the_log_is_named(box: LogBox) -> None:
    box.create().close()
    with box.open(segment_records=4) as log:
        for number in range(6):
            act(log, number)
    first = box.folder / "log" / "000000.jsonl"
    first.write_bytes(first.read_bytes()[:-1])
    assert "000000.jsonl line 4: record 3 was cut" in verdict_on(box)


@pytest.mark.parametrize("spoil", [b"\n", b"{}\n", b"not a record\n", b"\xff\n", b"null\n"])
def test_a_line_that_is_no_record_is_named(box: LogBox, spoil: bytes) -> None:
    lines = box.filled(3).lines()
    lines.insert(4, spoil)
    box.write_lines(lines)
    names(box, 4)


def test_a_stranger_in_the_folder_is_named(box: LogBox) -> None:
    box.filled(1)
    (box.folder / "log" / "notes.txt").write_text("x")
    assert "notes.txt" in verdict_on(box)


def test_a_link_in_place_of_a_segment_is_named(box: LogBox, tmp_path: Path) -> None:
    box.filled(1)
    box.segment.rename(tmp_path / "moved")
    box.segment.symlink_to(tmp_path / "moved")
    assert "000000.jsonl does not belong" in verdict_on(box)


def remove(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("harm", [remove, empty])
def test_a_checkpoint_that_is_gone_is_noticed(box: LogBox, harm: Callable[[Path], None]) -> None:
    box.filled(1)
    harm(box.folder / "checkpoint")
    assert "checkpoint" in verdict_on(box)


def test_a_checkpoint_by_another_key_is_noticed(box: LogBox) -> None:
    box.filled(1)
    with pytest.raises(AuditError, match="not signed by this key"):
        verify(box.folder, sign.public_key(b"\x55" * 32))


def test_an_older_log_with_the_newer_checkpoint_is_noticed(box: LogBox, tmp_path: Path) -> None:
    box.filled(2)
    shutil.copytree(box.folder / "log", tmp_path / "older")
    with box.open() as log:
        act(log, 9)
    shutil.rmtree(box.folder / "log")
    (tmp_path / "older").rename(box.folder / "log")
    names(box, 5)


def test_a_log_rewritten_with_all_its_links_is_noticed(box: LogBox) -> None:
    lines = box.filled(3).lines()
    link = leaf_hash(lines[0].rstrip()).hex().encode()
    for at in range(1, 7):
        prev = lines[at][lines[at].index(b'"prev":"') + 8 :][:64]
        lines[at] = lines[at].replace(prev, link).replace(b'"uid":1000', b'"uid":2000')
        link = leaf_hash(lines[at].rstrip()).hex().encode()
    box.write_lines(lines)
    assert "does not fit the checkpoint" in verdict_on(box)


def test_a_torn_end_behind_the_checkpoint_is_told_but_is_no_fault(box: LogBox) -> None:
    box.filled(3)
    with box.segment.open("ab") as file:
        file.write(b'{"action":"as')
    assert verify(box.folder, PUBLIC).torn_bytes == 13


def test_clock_steps_are_counted(box: LogBox) -> None:
    lines = box.filled(1).lines()
    relinked = [lines[0]]
    for line in lines[1:]:
        prev = line[line.index(b'"prev":"') + 8 :][:64]
        link = leaf_hash(relinked[-1].rstrip()).hex().encode()
        relinked.append(line.replace(prev, link).replace(b'"time":"2', b'"time":"1'))
    box.write_lines(relinked)
    leaves = [leaf_hash(line.rstrip()) for line in relinked]
    note = write_note(Checkpoint("appliance.local/" + "5e" * 16, 3, root_of(leaves)), SEED)
    verifying.checkpoint_file(box.folder).write_bytes(note)
    assert verify(box.folder, PUBLIC).clock_steps_back == 1


def test_an_empty_log_verifies(box: LogBox) -> None:
    log = box.create()
    log.close()
    assert verify(box.folder, PUBLIC).records == 1


def test_verifying_needs_no_more_than_the_crypto_room(box: LogBox) -> None:
    """An outsider's machine needs the standard library and the signature check, no store."""
    box.filled(1)
    script = (
        "import sys; from pathlib import Path; from appliance.audit.verify import verify;"
        "verify(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]));"
        "own = {'.'.join(n.split('.')[:2]) for n in sys.modules if n.startswith('appliance.')};"
        "known = sys.stdlib_module_names | {'appliance', 'cryptography', '_cffi_backend'};"
        "other = {n.split('.')[0] for n in sys.modules} - known;"
        "print(sorted(own), sorted(n for n in other if not n.startswith('_')))"
    )
    ran = subprocess.run(
        [sys.executable, "-S", "-c", script, str(box.folder), PUBLIC.hex()],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        cwd=Path(__file__).parents[2],
    )
    rooms = "['appliance.audit', 'appliance.crypto', 'appliance.durable', 'appliance.errors']"
    assert ran.stdout == f"{rooms} []\n"
