"""The strings of a record that must not stand in clear: questions, names of people and files.

They are sealed together to the key pair of the period (periods.py), bound to the store, the
record's id and its number, so that they open in no other place.  A public-key operation for every
record would be felt, so a key is sealed to the period once for a run of records and stands,
sealed, in each of them: every record opens by itself.  Beside the sealed strings stands a keyed
hash of each, by which a known string can be found again.

``sealed`` in base64: form (1 byte), number of the period (4, big endian), the run's key sealed to
the period (80, HPKE), then the strings as JSON, sealed under the run's key (crypto/aead.py).
"""

from __future__ import annotations

import base64
import json
import secrets
import struct
from collections.abc import Iterable, Mapping
from functools import lru_cache

from appliance.audit.periods import PeriodKey, Periods, unwrapped
from appliance.audit.records import Record, nfc
from appliance.crypto import aead, hpke
from appliance.crypto.context import Context
from appliance.crypto.keyring import Key
from appliance.crypto.mac import keyed_hash
from appliance.errors import SealBroken

RUN = 256  # records under one key
_FORM = 2
_SEALED_KEY = hpke.OVERHEAD_BYTES + aead.KEY_BYTES
_HEAD = struct.Struct(f">BI{_SEALED_KEY}s")


class PrivateStrings:
    """Seals the private strings of one store's log. One thread seals at a time."""

    def __init__(self, periods: Periods, mac_key: Key, store_id: str) -> None:
        self.periods = periods
        self._mac_key, self._store = mac_key, store_id
        self._run = _Run()

    def seal(self, strings: Mapping[str, str], identity: str, seq: int) -> str:
        """Base64 of the sealed strings, for the record with this id and number."""
        period = self.periods.current
        if period is None:
            raise SealBroken("there is no period to seal to")
        if self._run.period is not period or self._run.left < 1:
            self._run = _Run.begin(period)
        self._run.left -= 1
        plain = json.dumps({name: nfc(text) for name, text in strings.items()}).encode("ascii")
        context = _context(self._store, identity, seq)
        sealed = self._run.head + aead.seal(self._run.key, plain, context)
        return base64.b64encode(sealed).decode("ascii")

    def open(self, record: Record) -> Mapping[str, str]:
        """The private strings of a record of a period that the store itself holds.

        Raises:
            SealBroken: changed, of another record, or sealed to the officers.
        """
        if not record.sealed:
            return {}
        number = period_of(record)
        period = self.periods.numbered(number)
        return PeriodOpener({number: self.periods.private_of(period)}, self._store).open(record)

    def mac(self, name: str, text: str) -> str:
        """Keyed hash of one string under its name, 64 hex digits: equal for equal strings only."""
        data = f"{name}\x00{nfc(text)}".encode("utf-8", "surrogatepass")
        return keyed_hash(self._mac_key, data)


class PeriodOpener:
    """Opens private strings with the private keys of periods."""

    def __init__(self, keys: Mapping[int, bytes], store_id: str) -> None:
        """Take the private keys of these periods, by number."""
        self._keys, self._store = dict(keys), store_id
        self._run_key = lru_cache(maxsize=4096)(self._run_key_of)  # opened once for a run

    @property
    def keys(self) -> Mapping[int, bytes]:
        """The private keys of the periods it opens, by number: to share them."""
        return self._keys

    def can_open(self, record: Record) -> bool:
        """Whether a record has private strings, and they are sealed to one of these periods."""
        return bool(record.sealed) and period_of(record) in self._keys

    def open(self, record: Record) -> Mapping[str, str]:
        """The private strings of a record by name; empty where it has none that open here.

        Raises:
            SealBroken: they were changed, or come from another record.
        """
        if not self.can_open(record):
            return {}
        sealed = _decoded(record)
        try:
            key = self._run_key(sealed[: _HEAD.size])
            context = _context(self._store, record.id, record.seq)
            plain = json.loads(aead.open_sealed(key, sealed[_HEAD.size :], context))
        except SealBroken:
            raise _damaged(record) from None
        return {str(name): str(text) for name, text in plain.items()}

    def _run_key_of(self, head: bytes) -> bytes:
        _, number, sealed = _HEAD.unpack(head)
        return hpke.open_of_period(self._keys[number], sealed, _info(self._store, number))


class Opener(PeriodOpener):
    """Opens private strings with an officer's key, on the officer's side and never in the core."""

    def __init__(self, private_key: bytes, periods: Iterable[PeriodKey]) -> None:
        """Open the periods that are sealed to this officer.

        Args:
            private_key: the officer's, 96 bytes.
            periods: as `officers.periods()` gives them.

        Raises:
            SealBroken: a seal to this officer was changed.
        """
        known = tuple(periods)
        found = ((one.number, unwrapped(one, private_key)) for one in known)
        keys = {number: private for number, private in found if private is not None}
        super().__init__(keys, known[0].store if known else "")


def period_of(record: Record) -> int:
    """The number of the period that a record's strings are sealed to.

    Raises:
        SealBroken: they are damaged.
    """
    return int(_HEAD.unpack_from(_decoded(record))[1])


class _Run:
    """The key of a run of records, and what each of them begins with."""

    period: PeriodKey | None = None
    key = head = b""
    left = 0

    @classmethod
    def begin(cls, period: PeriodKey) -> _Run:
        run = cls()
        run.period, run.key, run.left = period, secrets.token_bytes(aead.KEY_BYTES), RUN
        public, info = base64.b64decode(period.public), _info(period.store, period.number)
        run.head = _HEAD.pack(_FORM, period.number, hpke.seal_to_period(public, run.key, info))
        return run


def _decoded(record: Record) -> bytes:
    try:
        sealed = base64.b64decode(record.sealed, validate=True)
    except ValueError:
        raise _damaged(record) from None
    if len(sealed) < _HEAD.size or sealed[0] != _FORM:
        raise _damaged(record)
    return sealed


def _damaged(record: Record) -> SealBroken:
    return SealBroken(f"audit record {record.seq}: the sealed strings are damaged")


def _info(store: str, number: int) -> bytes:
    return Context("period/run", store, "", "", number, 0).encode()


def _context(store: str, identity: str, seq: int) -> bytes:
    return Context("audit", store, "", identity, seq, 0).encode()
