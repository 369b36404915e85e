#!/usr/bin/env python3
# ruff: noqa: T201, UP006, UP035
"""verify_audit.py: check a folder of audit evidence, on any machine, trusting nobody's software.

Needs Python 3.8 or later and nothing else: no package, no network, no appliance.

  python verify_audit.py FOLDER [--key LOGKEY] [--witness WITNESSKEY]... [--checkpoint FILE]...

It shows that every record in events.jsonl stood, exactly like this and at exactly this place, in
the log whose size and root the log's key signed; or it names the first record that did not.

  --key         the log's key as it was written down at installation (name+id+key). Without it the
                key inside the folder is used, which only shows that the folder agrees with itself.
  --witness     the key of a witness you trust; its cosignature must be there and must verify.
  --checkpoint  a checkpoint that was kept elsewhere; the folder's log must be of the same size with
                the same root, or the folder must hold a proof of growth from it.

Exit code 0: everything verifies. 1: something does not. 2: the folder cannot be read.
"""

import sys

if __name__ == "__main__" and not getattr(sys.flags, "safe_path", sys.flags.isolated):
    del sys.path[0]  # a file of this folder must not pass for a part of Python: so no __future__

import argparse
import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Dict, NamedTuple, Tuple

LOG_TYPE, WITNESS_TYPE = b"\x01", b"\x04"
BODY = re.compile("([^\x00-\x20+]+)\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\n")
SIGNED = re.compile("\u2014 ([^\x00-\x20+]+) ([A-Za-z0-9+/]+={0,2})")
NODE = re.compile("([0-9]{1,2}) (0|[1-9][0-9]{0,14}) ([0-9a-f]{64})")
SEQ = re.compile(rb'"seq":(0|[1-9][0-9]{0,14}),')
LARGEST_LINE = 5000000
OWN_KEY = """VERIFIED, but only against the key that came with the folder (file log-key): compare it
with the one that was written down at installation, or give that one with --key."""
PRINTED = re.compile("[!-~]+")
PURPOSE = b"appliance audit evidence v1\x00"
Nodes = Dict[Tuple[int, int], bytes]


class Bad(Exception):
    """The evidence does not verify."""


# -- Ed25519, RFC 8032, section 5.1.7: checking only, so nothing here has to be secret -------------

Point = Tuple[int, int, int, int]
P = 2**255 - 19
Q = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


def recover_x(y: int, sign: int) -> "int | None":
    """The x of a point on the curve; None where there is none."""
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if square == 0:
        return None if sign else 0
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P:
        return None
    return P - x if x & 1 != sign else x


def point(data: bytes) -> "Point | None":
    """A point in extended coordinates from its 32 bytes."""
    if len(data) != 32:
        return None
    number = int.from_bytes(data, "little")
    y = number & ((1 << 255) - 1)
    x = recover_x(y, number >> 255)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE_X = recover_x(BASE_Y, 0) or 0
BASE = (BASE_X, BASE_Y, 1, BASE_X * BASE_Y % P)


def add(one: Point, two: Point) -> Point:
    a = (one[1] - one[0]) * (two[1] - two[0]) % P
    b = (one[1] + one[0]) * (two[1] + two[0]) % P
    c = 2 * one[3] * two[3] * D % P
    d = 2 * one[2] * two[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(scalar: int, one: Point) -> Point:
    found = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            found = add(found, one)
        one = add(one, one)
        scalar >>= 1
    return found


def signature_is_good(public: bytes, message: bytes, signature: bytes) -> bool:
    if len(signature) != 64:
        return False
    key, r = point(public), point(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if key is None or r is None or s >= Q:
        return False
    digest = hashlib.sha512(signature[:32] + public + message).digest()
    left = times(s, BASE)
    right = add(r, times(int.from_bytes(digest, "little") % Q, key))
    same_x = (left[0] * right[2] - right[0] * left[2]) % P == 0
    return same_x and (left[1] * right[2] - right[1] * left[2]) % P == 0


# -- signed notes: C2SP signed-note, tlog-checkpoint, tlog-cosignature -----------------------------


def read_key(spelled: str, kind: bytes) -> "tuple[str, bytes]":
    name, _, rest = spelled.strip().partition("+")
    given, _, key = rest.partition("+")
    try:
        material = base64.b64decode(key, validate=True)
    except ValueError:
        material = b""
    right = len(material) == 33 and material[:1] == kind and PRINTED.fullmatch(name)
    if not right or key_id(name, material).hex() != given:
        raise Bad("a key does not have the form name+id+key, or a letter is mistyped")
    return name, material[1:]


def key_id(name: str, material: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + material).digest()[:4]


class Note:
    """A checkpoint with its signatures."""

    def __init__(self, data: bytes, where: str) -> None:
        text = data.decode("utf-8", "replace")
        body, _, self.signatures = text.rpartition("\n\n")
        self.body, self.where = body + "\n", where
        fields = BODY.fullmatch(self.body)
        if not fields:
            raise Bad(f"{where}: this is no checkpoint")
        self.origin, self.size = fields[1], int(fields[2])
        self.root = base64.b64decode(fields[3])

    def blobs(self, name: str, wanted: bytes) -> "list[bytes]":
        found = []
        for line in self.signatures.splitlines():
            fields = SIGNED.fullmatch(line)
            blob = base64.b64decode(fields[2]) if fields else b""
            if fields and fields[1] == name and blob[:4] == wanted:
                found.append(blob[4:])
        return found

    def check_log(self, name: str, public: bytes) -> None:
        if name != self.origin:
            raise Bad(f"{self.where}: the checkpoint is of another log")
        for blob in self.blobs(name, key_id(name, LOG_TYPE + public)):
            if signature_is_good(public, self.body.encode(), blob):
                return
        raise Bad(f"{self.where}: the checkpoint is not signed with the log's key")

    def check_witness(self, name: str, public: bytes) -> None:
        for blob in self.blobs(name, key_id(name, WITNESS_TYPE + public)):
            seconds = int.from_bytes(blob[:8], "big")
            message = f"cosignature/v1\ntime {seconds}\n{self.body}".encode()
            if signature_is_good(public, message, blob[8:]):
                return
        raise Bad(f"{self.where}: the witness {name} did not sign this")


# -- the Merkle tree: RFC 6962 ---------------------------------------------------------------------


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_from(seq: int, leaf: bytes, size: int, nodes: Nodes) -> bytes:
    """The root that follows when this leaf stands at this place; empty where a node is missing."""
    level, at, node = 0, seq, leaf
    while (1 << level) < size:
        sibling = at ^ 1
        if sibling << level < size:
            other = nodes.get((level, sibling))
            if other is None:
                return b""
            node = node_hash(other, node) if at & 1 else node_hash(node, other)
        level, at = level + 1, at >> 1
    return node


def check_growth(old: Note, new: Note, proof: "list[bytes]") -> None:
    """RFC 9162, 2.1.4.2: the old tree is the beginning of the new one."""
    if old.size == new.size and old.root == new.root:
        return
    if old.size < new.size and not proof:
        raise Bad(f"{old.where}: the folder has no proof of growth from its {old.size} records")
    steps = [old.root, *proof] if old.size and old.size & (old.size - 1) == 0 else list(proof)
    wrong = Bad(f"the log is NOT the continuation of {old.where} ({old.size} records)")
    if not steps or not 0 < old.size < new.size:
        raise wrong
    at, last = old.size - 1, new.size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise wrong
        if at & 1 or at == last:
            before, after = node_hash(step, before), node_hash(step, after)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            after = node_hash(after, step)
        at, last = at >> 1, last >> 1
    if last or before != old.root or after != new.root:
        raise wrong


# -- the folder ------------------------------------------------------------------------------------


def read_nodes(path: Path) -> Nodes:
    nodes = {}
    with open(str(path), encoding="ascii", errors="replace") as file:
        for number, line in enumerate(file, 1):
            fields = NODE.fullmatch(line.rstrip("\n"))
            if not fields:
                raise Bad(f"{path} line {number} is no node of the tree")
            nodes[int(fields[1]), int(fields[2])] = bytes.fromhex(fields[3])
    return nodes


class Found(NamedTuple):
    """What stands in events.jsonl."""

    records: int
    first: int
    last: int
    sha256: str


def check_records(folder: Path, note: Note) -> Found:
    """Every line of events.jsonl against the signed root; names the first bad one."""
    path = folder / "events.jsonl"
    nodes = read_nodes(folder / "proofs.txt")
    count, before, first, whole = 0, -1, -1, hashlib.sha256()
    with open(str(path), "rb") as file:
        for number, line in enumerate(file, 1):
            if len(line) > LARGEST_LINE or not line.endswith(b"\n"):
                raise Bad(f"{path} line {number} was cut or is too long")
            found = SEQ.search(line)
            if not found:
                raise Bad(f"{path} line {number} is no record: it has no number")
            seq = int(found[1])
            if seq >= note.size:
                raise Bad(
                    f"{path} line {number}: record {seq} is beyond the signed {note.size} records"
                )
            if seq <= before:
                raise Bad(f"{path} line {number}: record {seq} stands behind record {before}")
            leaf = hashlib.sha256(b"\x00" + line[:-1]).digest()
            if root_from(seq, leaf, note.size, nodes) != note.root:
                raise Bad(f"{path} line {number}: record {seq} is not what stands in the log")
            whole.update(line)
            first = seq if first < 0 else first
            before, count = seq, count + 1
    return Found(count, first, before, whole.hexdigest())


def check_selection(folder: Path, note: Note, key: bytes, found: Found) -> "dict[str, object]":
    """What the log's key says of this export: of which log, what was asked, how much there is."""
    path = folder / "selection.json"
    signed = json.loads(path.read_text("utf-8"))
    stated = signed["statement"]
    spelled = json.dumps(stated, sort_keys=True, separators=(",", ":")).encode("ascii")
    message = PURPOSE + hashlib.sha256(spelled).digest()
    if not signature_is_good(key, message, bytes.fromhex(signed["signature"])):
        raise Bad(f"{path}: not signed with the log's key")
    if (stated["log"], stated["size"]) != (note.origin, note.size):
        raise Bad(f"{path}: of another export than the checkpoint: of {stated['size']} records")
    if (stated["records"], stated["events_sha256"]) != (found.records, found.sha256):
        raise Bad(
            "{}: {} records are there, {} were exported: some were taken out or put in".format(
                folder / "events.jsonl", found.records, stated["records"]
            )
        )
    names = folder / "names.json"
    if hashlib.sha256(names.read_bytes()).hexdigest() != stated["names_sha256"]:
        raise Bad(f"{names}: these are not the names that were exported")
    return dict(stated)


def check_policies(folder: Path, exported: "list[str]") -> None:
    """The text of each policy set has the digest by which the records name it."""
    where = folder / "policies"
    there = [path.name for path in where.iterdir()] if where.is_dir() else []
    if sorted(there) != sorted(exported):
        raise Bad(f"{where}: these are not the policy sets that were exported")
    for name in there:
        files = [where / name / "schema.cedarschema", *sorted((where / name).glob("*.cedar"))]
        digest = hashlib.sha256()
        for path in files:
            data = path.read_bytes()
            digest.update(len(data).to_bytes(8, "big") + data)
        if digest.hexdigest() != name:
            raise Bad(f"{where / name}: these are not the policies of this digest")


def check(given: argparse.Namespace) -> "list[str]":
    folder = given.folder
    log_key = given.key or (folder / "log-key").read_text("utf-8")
    note = Note((folder / "checkpoint").read_bytes(), str(folder / "checkpoint"))
    name, public = read_key(log_key, LOG_TYPE)
    note.check_log(name, public)
    said = [f"checkpoint: {note.size} records, signed by the log's key"]
    said += check_witnesses(folder, note, given.witness)
    for path in given.checkpoint:
        kept = Note(path.read_bytes(), str(path))
        kept.check_log(*read_key(log_key, LOG_TYPE))
        check_growth(kept, note, growth(folder, kept.size))
        said.append(f"{path}: the log begins with its {kept.size} records")
    found = check_records(folder, note)
    stated = check_selection(folder, note, public, found)
    check_policies(folder, list(stated["policies_kept"]))  # type: ignore[call-overload]
    said.append(f"asked for: {json.dumps(stated['asked'])}, exported at {stated['made']}")
    if not found.records:
        return [*said, "no record of the log is such an event"]
    said.append(f"{found.records} records verify, numbers {found.first} to {found.last}")
    said.append(
        "the records are a whole stretch of the log: none between them was left out"
        if found.last - found.first + 1 == found.records
        else "the records are a selection: others between them are not in this folder"
    )
    return said


def check_witnesses(folder: Path, note: Note, wanted: "list[str]") -> "list[str]":
    """Cosignatures in the folder, over its own checkpoint or over an earlier one."""
    said, missing = [], [read_key(spelled, WITNESS_TYPE) for spelled in wanted]
    trusted = frozenset(missing)
    where = folder / "cosignatures"
    for path in sorted(where.iterdir()) if where.is_dir() else []:
        key, _, data = path.read_bytes().partition(b"\n")
        name, public = read_key(key.decode("utf-8", "replace"), WITNESS_TYPE)
        seen = Note(data, str(path))
        seen.check_witness(name, public)
        if seen.origin != note.origin:
            raise Bad(f"{path}: of another log")
        check_growth(seen, note, growth(folder, seen.size))
        mark = "trusted" if (name, public) in trusted else "key not compared"
        missing = [one for one in missing if one != (name, public)]
        said.append(f"witness {name} ({mark}) saw {seen.size} records; the log goes on from there")
    if missing:
        raise Bad("no cosignature by the witness {}".format(", ".join(one for one, _ in missing)))
    return said


def growth(folder: Path, size: int) -> "list[bytes]":
    path = folder / "growth" / str(size)
    if not path.is_file():
        return []
    return [bytes.fromhex(line) for line in re.findall("[0-9a-f]{64}", path.read_text("ascii"))]


def main(arguments: "list[str] | None" = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, nargs="?", default=Path(__file__).parent)
    parser.add_argument("--key", default="")
    parser.add_argument("--witness", action="append", default=[])
    parser.add_argument("--checkpoint", action="append", default=[], type=Path)
    given = parser.parse_args(arguments)
    try:
        print("\n".join(check(given)))
    except Bad as bad:
        print(f"DOES NOT VERIFY: {bad}", file=sys.stderr)
        return 1
    except (OSError, ValueError, KeyError, TypeError) as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    print("VERIFIED" if given.key else OWN_KEY)
    return 0


if __name__ == "__main__":
    sys.exit(main())
