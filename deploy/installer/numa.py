"""A stand-in for libnuma on machines that have none, which is so on many fresh ones.

vLLM's CPU build is linked against ``libnuma.so.1`` and cannot be loaded without it, although it
asks ``numa_available`` first and uses the library only on machines with several memory nodes.
The stand-in answers that question with "no" (-1, numa(3)), so that nothing else in it is ever
called.  It is a shared object of 4 KB, written here byte by byte (System V ABI, AMD64 supplement;
the symbol versions are those of libnuma 2).  The engine's Python loads it at its start, and only
where the system has no libnuma of its own.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

SONAME = "libnuma.so.1"
FIRST, SECOND = "libnuma_1.1", "libnuma_1.2"
FUNCTIONS = {
    "numa_available": FIRST,
    "numa_bitmask_free": SECOND,
    "numa_get_mems_allowed": SECOND,
    "numa_migrate_pages": FIRST,
    "numa_parse_nodestring": SECOND,
    "numa_set_interleave_mask": SECOND,
    "numa_set_membind": SECOND,
    "numa_set_strict": FIRST,
}
PAGE = 0x1000
MINUS_ONE = b"\xb8\xff\xff\xff\xff\xc3".ljust(16, b"\x90")  # mov eax, -1; ret
ZERO = b"\x31\xc0\xc3".ljust(16, b"\x90")  # xor eax, eax; ret
HEADERS = 64 + 4 * 56  # ELF header and four program headers
LOADER = f"""# Before anything that is linked against libnuma: the system's, or the stand-in.
import ctypes
import os
import sys

try:
    ctypes.CDLL("{SONAME}")
except OSError:
    ctypes.CDLL(os.path.join(sys.prefix, "lib", "{SONAME}"))
"""


def add_stand_in(environment: Path) -> None:
    """Put the stand-in into an environment; its Python loads it where the system has no libnuma."""
    (environment / "lib" / SONAME).write_bytes(shared_object())
    site = next(environment.glob("lib/python3*/site-packages"))
    (site / "_numa_stand_in.py").write_text(LOADER, "utf-8")
    (site / "_numa_stand_in.pth").write_text("import _numa_stand_in\n", "utf-8")


@dataclass(frozen=True, slots=True)
class _Part:
    """A piece of the file: its dynamic-section tag (0: none) and its bytes."""

    tag: int
    content: bytes


def shared_object() -> bytes:
    """The bytes of the stand-in."""
    names = b"\0" + b"".join(n.encode() + b"\0" for n in (SONAME, FIRST, SECOND, *FUNCTIONS))
    count = len(FUNCTIONS) + 1
    chain = [*range(2, count), 0]
    table = [1, count, 1, 0, *chain]  # one bucket, every symbol in one chain
    code_at = _aligned(HEADERS) + 512 + 16 * count  # room for the tables before it
    parts = (
        _Part(4, struct.pack(f"<{len(table)}I", *table)),  # DT_HASH
        _Part(6, _symbols(names, code_at)),  # DT_SYMTAB
        _Part(0x6FFFFFF0, _symbol_versions()),  # DT_VERSYM
        _Part(0x6FFFFFFC, _version_definitions(names)),  # DT_VERDEF
        _Part(5, names),  # DT_STRTAB
    )
    image = bytearray(PAGE)
    dynamic = [(14, _offset(names, SONAME)), (10, len(names)), (11, 24), (0x6FFFFFFD, 3)]
    place = _aligned(HEADERS)
    for part in parts:
        image[place : place + len(part.content)] = part.content
        dynamic.append((part.tag, place))
        place = _aligned(place + len(part.content))
    if place > code_at:
        raise ValueError("the tables do not fit before the code")
    image[code_at : code_at + 32] = MINUS_ONE + ZERO
    entries = b"".join(struct.pack("<qQ", *entry) for entry in [*dynamic, (0, 0)])
    image[:HEADERS] = _headers(code_at + 32, len(entries))
    return bytes(image) + entries


def _symbols(names: bytes, code_at: int) -> bytes:
    whole = bytes(24)
    for name in FUNCTIONS:
        address = code_at if name == "numa_available" else code_at + 16
        whole += struct.pack("<IBBHQQ", _offset(names, name), 0x12, 0, 1, address, 16)
    return whole


def _symbol_versions() -> bytes:
    numbers = [0, *(2 if version == FIRST else 3 for version in FUNCTIONS.values())]
    return struct.pack(f"<{len(numbers)}H", *numbers)


def _version_definitions(names: bytes) -> bytes:
    whole = b""
    for number, name in enumerate((SONAME, FIRST, SECOND), start=1):
        base, following = (1, 28) if number == 1 else (0, 0 if number == 3 else 28)
        whole += struct.pack("<HHHHIII", 1, base, number, 1, _elf_hash(name), 20, following)
        whole += struct.pack("<II", _offset(names, name), 0)
    return whole


def _headers(text_size: int, dynamic_size: int) -> bytes:
    header = b"\x7fELF\x02\x01\x01" + bytes(9)
    header += struct.pack("<HHIQQQIHHHHHH", 3, 62, 1, 0, 64, 0, 0, 64, 56, 4, 0, 0, 0)
    return header + b"".join(
        struct.pack("<IIQQQQQQ", kind, flags, at, at, at, size, size, align)
        for kind, flags, at, size, align in (
            (1, 5, 0, text_size, PAGE),  # loaded: read, execute
            (1, 6, PAGE, dynamic_size, PAGE),  # loaded: read, write
            (2, 6, PAGE, dynamic_size, 8),  # the dynamic section
            (0x6474E551, 6, 0, 0, 16),  # a stack that is not executable
        )
    )


def _offset(names: bytes, name: str) -> int:
    return names.index(b"\0" + name.encode() + b"\0") + 1


def _elf_hash(name: str) -> int:
    value = 0
    for byte in name.encode():
        value = (value << 4) + byte
        high = value & 0xF0000000
        value = (value ^ (high >> 24)) & ~high & 0xFFFFFFFF
    return value


def _aligned(place: int) -> int:
    return (place + 15) & ~15
