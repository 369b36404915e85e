#!/usr/bin/env python3
# ruff: noqa: T201
"""witness.py: check an appliance's audit log from another machine, and sign what you saw.

One file; needs Python 3.8 or later and the package "cryptography". It never uses a network.

  python witness.py new anna-laptop          make your key, once
  python witness.py trust LOGKEY             trust a log, by the key written down at installation
  python witness.py cosign FOLDER            check a folder of `appliance audit checkpoint`, sign it
  python witness.py show                     your key, and every log with what you saw last

What it remembers (your key, and for each log the last size and root) lies in --state, by default
~/.appliance-witness. Keep that folder: without it you cannot tell whether a log was rewritten.

A log is refused when it shrank, when it is not the continuation of what you signed before, and,
for good, when its key signed two different histories of one size.
"""

import sys

if __name__ == "__main__" and not getattr(sys.flags, "safe_path", sys.flags.isolated):
    del sys.path[0]  # a file on the stick must not pass for a part of Python: so no __future__

import argparse
import base64
import getpass
import hashlib
import json
import os
import re
import time
from pathlib import Path

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ed25519
except ImportError:
    sys.exit("witness.py needs the package: python -m pip install cryptography")

LARGEST = 1000000  # bytes of a file from the log
MOST_STEPS = 63  # lines of a proof, as tlog-witness allows
LOG_TYPE, WITNESS_TYPE = b"\x01", b"\x04"
ASKED = "add-checkpoint"  # the file that the log writes
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,39}")
BODY = re.compile("([^\x00-\x20+]+)\n(0|[1-9][0-9]{0,14})\n([A-Za-z0-9+/]{43}=)\n")
SIGNED = re.compile("\u2014 ([^\x00-\x20+]+) ([A-Za-z0-9+/]+={0,2})")


class Refused(Exception):
    """This checkpoint gets no signature."""


def key_id(name: str, kind: bytes, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def spelled_key(name: str, kind: bytes, public: bytes) -> str:
    material = base64.b64encode(kind + public).decode("ascii")
    return f"{name}+{key_id(name, kind, public).hex()}+{material}"


def read_key(untrusted: str, kind: bytes) -> "tuple[str, bytes]":
    """Name and public key of a signed-note key."""
    name, _, rest = untrusted.strip().partition("+")
    given, _, spelled = rest.partition("+")
    try:
        material = base64.b64decode(spelled, validate=True)
    except ValueError:
        material = b""
    if len(material) != 33 or material[:1] != kind:
        raise Refused("this is not the key of a log: it has the form name+id+key")
    if key_id(name, kind, material[1:]).hex() != given:
        raise Refused("the key does not fit its id: a letter was mistyped")
    return name, material[1:]


# -- the Merkle tree: RFC 6962, with the walk of RFC 9162, 2.1.4.2 -------------------------------


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def check_growth(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: "list[bytes]"
) -> None:
    """Return only if the tree of ``old_size`` leaves is the beginning of the one of ``size``."""
    steps = list(proof)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        raise Refused("the proof is empty")
    at, last = old_size - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise Refused("the proof is too long")
        if at & 1 or at == last:
            old, new = node_hash(step, old), node_hash(step, new)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, step)
        at, last = at >> 1, last >> 1
    if last or old != old_root or new != root:
        raise Refused("it is NOT the continuation of what you signed: records were changed or lost")


# -- what the log asks ---------------------------------------------------------------------------


class Request:
    """The size the log believes you saw, the proof since then, and its signed checkpoint."""

    def __init__(self, untrusted: bytes) -> None:
        if len(untrusted) > LARGEST:
            raise Refused("the file is too long")
        try:
            text = untrusted.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused("the file is not text") from None
        head, _, note = text.partition("\n\n")
        first, *steps = head.split("\n")
        if not re.fullmatch(r"old (0|[1-9][0-9]{0,14})", first) or len(steps) > MOST_STEPS:
            raise Refused("the file does not have the form of a request")
        self.old = int(first[4:])
        self.proof = [hash_of(step) for step in steps]
        body, _, signatures = note.rpartition("\n\n")
        self.body = body + "\n"
        fields = BODY.fullmatch(self.body)
        if not fields:
            raise Refused("there is no checkpoint in the file")
        self.note, self.signatures = note, signatures
        self.origin, self.size, self.root = fields[1], int(fields[2]), hash_of(fields[3])

    def check_signature(self, public: bytes) -> None:
        wanted = key_id(self.origin, LOG_TYPE, public)
        for line in self.signatures.splitlines():
            fields = SIGNED.fullmatch(line)
            blob = base64.b64decode(fields[2]) if fields else b""
            if not fields or fields[1] != self.origin or blob[:4] != wanted:
                continue
            try:
                key = ed25519.Ed25519PublicKey.from_public_bytes(public)
                return key.verify(blob[4:], self.body.encode())
            except InvalidSignature:
                break
        raise Refused("the checkpoint is not signed with the key that you trust for this log")


def hash_of(untrusted: str) -> bytes:
    try:
        found = base64.b64decode(untrusted, validate=True)
    except ValueError:
        found = b""
    if len(found) != 32:
        raise Refused("a line that should be a hash is none")
    return found


# -- what the witness remembers ------------------------------------------------------------------


class State:
    """The folder with the key and with what was seen; every change is durable before it counts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key_file = folder / "key.pem"
        self.logs_file = folder / "logs.json"

    def make(self, name: str) -> None:
        if not NAME.fullmatch(name):
            raise Refused("a name has at most 40 small letters, digits, dots or dashes")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.key_file.exists():
            raise Refused(f"there is a key already in {self.folder}")
        key = ed25519.Ed25519PrivateKey.generate()
        passphrase = secret("New passphrase for your key (empty: none): ")
        if passphrase and passphrase != secret("The same again: "):
            raise Refused("the two differ; nothing was made")
        sealed = (
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption()
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, sealed
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.Raw, serialization.PublicFormat.Raw
        )
        self.write(self.logs_file, json.dumps({"name": name, "key": public.hex(), "logs": {}}))
        self.write(self.key_file, pem.decode("ascii"))

    def read(self) -> dict:  # type: ignore[type-arg]
        try:
            return json.loads(self.logs_file.read_text("utf-8"))  # type: ignore[no-any-return]
        except (OSError, ValueError):
            raise Refused(f"there is no witness in {self.folder}: begin with `new`") from None

    def keep(self, state: dict) -> None:  # type: ignore[type-arg]
        self.write(self.logs_file, json.dumps(state, indent=1, sort_keys=True))

    def private_key(self) -> ed25519.Ed25519PrivateKey:
        pem = self.key_file.read_bytes()
        passphrase = secret("Passphrase of your key: ") if b"ENCRYPTED" in pem else b""
        try:
            key = serialization.load_pem_private_key(pem, passphrase or None)
        except (ValueError, TypeError):
            raise Refused("the key did not open with this passphrase") from None
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise Refused(f"{self.key_file} holds another kind of key")
        return key

    def claim(self) -> int:
        """One run at a time; the claim ends with the process."""
        self.read()  # without a witness there is no folder to hold the lock
        lock = os.open(str(self.folder / "lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            import fcntl

            fcntl.flock(lock, fcntl.LOCK_EX)
        except ImportError:
            import msvcrt

            msvcrt.locking(lock, msvcrt.LK_LOCK, 1)  # type: ignore[attr-defined]
        return lock

    @staticmethod
    def write(path: Path, text: str) -> None:
        draft = path.with_name(path.name + ".new")
        if os.path.lexists(str(draft)):  # a cut run left it; a link on the stick is not followed
            os.unlink(str(draft))
        with os.fdopen(os.open(str(draft), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())
        os.replace(str(draft), str(path))
        if hasattr(os, "O_DIRECTORY"):
            folder = os.open(str(path.parent), os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)


def secret(prompt: str) -> bytes:
    given = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    return given.encode("utf-8")


# -- what it decides -----------------------------------------------------------------------------


def judge(seen: "dict[str, object]", asked: Request) -> None:
    """Return only if the checkpoint continues what was seen of this log."""
    size, root = int(str(seen["size"])), bytes.fromhex(str(seen["root"]))
    if seen.get("forked"):
        raise Refused("this log signed two histories of one size before; both stay refused")
    if asked.size == size and asked.root != root:
        raise Fork(f"its key signed TWO HISTORIES of {size} records: the log was rewritten")
    if asked.size < size:
        raise Refused(f"the log SHRANK: you saw {size} records, now {asked.size}")
    if asked.old != size:
        raise Refused(
            f"the proof begins at {asked.old}, you saw {size}: run "
            f"`appliance audit checkpoint --witness NAME --since {size}` again"
        )
    if size in (0, asked.size):
        if asked.proof:
            raise Refused("a proof where none belongs")
        return
    check_growth(size, root, asked.size, asked.root, asked.proof)


class Fork(Refused):
    """The log key signed two histories; both signed notes are kept in one file, as proof."""


def cosign(state: State, folder: Path) -> str:
    """Check, remember, and only then sign."""
    with open(str(folder / ASKED), "rb") as file:
        asked = Request(file.read(LARGEST + 1))
    lock = state.claim()
    try:
        known = state.read()
        seen = known["logs"].get(asked.origin)
        if seen is None:
            raise Refused(f"you do not trust this log yet: {asked.origin}; see `trust`")
        asked.check_signature(bytes.fromhex(seen["key"]))
        try:
            judge(seen, asked)
        except Fork:
            both = "{}\n{}".format(seen.get("note", ""), asked.note)
            state.write(state.folder / f"fork-{asked.size}.txt", both)
            seen["forked"] = asked.size
            state.keep(known)
            raise
        key = state.private_key()
        before = seen["size"]
        seconds = int(time.time())
        seen.update(size=asked.size, root=asked.root.hex(), seconds=seconds, note=asked.note)
        state.keep(known)
    finally:
        os.close(lock)
    name = known["name"]
    line = signature_line(key, name, bytes.fromhex(known["key"]), seconds, asked.body)
    State.write(folder / f"cosignature-{name}", line)
    own = spelled_key(name, WITNESS_TYPE, bytes.fromhex(known["key"]))
    State.write(folder / f"witness-{name}", own + "\n")
    more = asked.size - before
    return f"Signed: {asked.origin} holds {asked.size} records, {more} more than you saw last."


def signature_line(
    key: ed25519.Ed25519PrivateKey, name: str, public: bytes, seconds: int, body: str
) -> str:
    """A line of C2SP tlog-cosignature, Ed25519."""
    mark = key.sign(f"cosignature/v1\ntime {seconds}\n{body}".encode())
    blob = key_id(name, WITNESS_TYPE, public) + seconds.to_bytes(8, "big") + mark
    return "\u2014 {} {}\n".format(name, base64.b64encode(blob).decode("ascii"))


def trust(state: State, spelled: str) -> str:
    origin, public = read_key(spelled, LOG_TYPE)
    lock = state.claim()
    try:
        known = state.read()
        held = known["logs"].get(origin)
        if held and held["key"] != public.hex():
            raise Refused("you trust another key for this log already; ask why it changed")
        if not held:
            empty = hashlib.sha256(b"").hexdigest()
            known["logs"][origin] = {"key": public.hex(), "size": 0, "root": empty, "seconds": 0}
            state.keep(known)
    finally:
        os.close(lock)
    return f"Trusted: {origin}"


def show(state: State) -> str:
    known = state.read()
    lines = [
        "Your key:  " + spelled_key(known["name"], WITNESS_TYPE, bytes.fromhex(known["key"])),
    ]
    for origin, seen in sorted(known["logs"].items()):
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seen["seconds"]))
        said = "{} records, {}".format(seen["size"], when) if seen["seconds"] else "nothing yet"
        mark = "  REFUSED: two histories" if seen.get("forked") else ""
        lines.append(f"{origin}: {said}{mark}")
    return "\n".join(lines)


def main(arguments: "list[str] | None" = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    home = Path.home() / ".appliance-witness"
    parser.add_argument("--state", type=Path, default=home, help="folder with what you saw")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    commands.add_parser("new", help="make your key").add_argument("name")
    commands.add_parser("trust", help="trust a log").add_argument("key")
    commands.add_parser("cosign", help="check and sign").add_argument("folder", type=Path)
    commands.add_parser("show", help="your key and what you saw")
    given = parser.parse_args(arguments)
    state = State(given.state)
    try:
        if given.command == "new":
            state.make(given.name)
            said = show(state)
        elif given.command == "trust":
            said = trust(state, given.key)
        elif given.command == "cosign":
            said = cosign(state, given.folder)
        elif given.command == "show":
            said = show(state)
        else:
            parser.print_help()
            return 2
    except Refused as refused:
        return fail(f"REFUSED: {refused}")
    except OSError as error:
        return fail(f"{error.filename}: {error.strerror}")
    except (ValueError, KeyError, TypeError) as error:
        return fail(f"REFUSED: what is there does not have the right form ({error})")
    print(said)
    return 0


def fail(line: str) -> int:
    print(line, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
