"""Periods: to whom the private strings of the log are sealed, from when to when.

A period is a calendar month, or shorter where the officers changed.  It has an X25519 key pair.
The core keeps the public key only: the private one is sealed to every officer there is when the
period begins (HPKE with ML-KEM-768 and X25519) and then forgotten, so that what a person asked can
be read by the officers and not by whoever gets hold of the running machine later.  While no
officer has a key it is sealed under the store's own audit key instead, and says so; the first
officer takes those periods over.

``periods/NNNN.json`` holds one period, with a keyed hash against changes; the digest of each
writing is on record before the file takes its name.  A period whose seals are all destroyed can
never be read again, while the lines of the log stay as they are (redaction).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time as clock
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock

from appliance.audit.clock import now
from appliance.audit.segments import write_whole
from appliance.crypto import hpke
from appliance.crypto.context import Context
from appliance.crypto.keyring import Key, derive, open_record, seal_record
from appliance.crypto.mac import keyed_hash
from appliance.durable import synchronise
from appliance.errors import AuditError, SealBroken
from appliance.plain import from_plain, to_plain
from appliance.unbroken import unbroken

FOLDER = "periods"
LARGEST = 1 << 20  # bytes of one file; a seal to one officer has 1,168
_NAME = re.compile(r"[0-9]{4}\.json")
_DRAFT = ".draft"
_GRACE = 24 * 3600.0  # seconds
_REMEDY = "restore the folder `audit` from a backup"

Tell = Callable[[int, str], None]  # number of a period, and the digest of its file


@dataclass(frozen=True, slots=True)
class Recipient:
    """An officer's public key, as it is published."""

    uid: int
    public: str  # base64, 1,216 bytes

    @property
    def name(self) -> str:
        """By what the key is called: 32 hex digits of its SHA-256."""
        return name_of(base64.b64decode(self.public))


@dataclass(frozen=True, slots=True)
class Wrap:
    """A period's private key, sealed to one officer."""

    officer: str  # name of the officer's key
    sealed: str  # base64


@dataclass(frozen=True, slots=True)
class PeriodKey:
    """One period: its public key, and its private key sealed to each of its officers."""

    store: str  # id of the store, bound into every seal
    number: int
    begun: str  # RFC 3339, UTC
    public: str  # base64, 32 bytes
    wraps: tuple[Wrap, ...] = ()
    held: str = ""  # sealed under the store's own key instead, base64: no officer had one

    @property
    def destroyed(self) -> bool:
        """Whether nobody can read what was sealed to it."""
        return not self.wraps and not self.held


def name_of(public: bytes) -> str:
    """What an officer's key is called: 32 hex digits of its SHA-256."""
    return hashlib.sha256(public).hexdigest()[:32]


def wrapped(period: PeriodKey, private: bytes, officer: Recipient) -> Wrap:
    """A period's private key, sealed to one more officer."""
    public = base64.b64decode(officer.public)
    sealed = hpke.seal_to_officer(public, private, _wrap_info(period, officer.name))
    return Wrap(officer.name, base64.b64encode(sealed).decode("ascii"))


def unwrapped(period: PeriodKey, officer_private: bytes) -> bytes | None:
    """A period's private key; None where it is not sealed to this officer.

    Raises:
        SealBroken: it is, but was changed, or belongs to another period.
    """
    mine = name_of(hpke.officer_public(officer_private))
    for wrap in period.wraps:
        if wrap.officer == mine:
            info = _wrap_info(period, mine)
            private = hpke.open_of_officer(officer_private, base64.b64decode(wrap.sealed), info)
            return _fitting(period, private)
    return None


class Periods:
    """The periods of one log. Safe to use from threads."""

    def __init__(self, folder: Path, seal_key: Key, mac_key: Key, store_id: str) -> None:
        """Read them all.

        Raises:
            AuditError: one is missing, unreadable or was changed.
        """
        self._folder, self._store = folder / FOLDER, store_id
        self._seal_key, self._mac_key = seal_key, derive(mac_key, "periods")
        with suppress(OSError):  # what is not there is missed below
            self._folder.mkdir(mode=0o700, exist_ok=True)
        self._periods = self._read()
        self._changing = RLock()
        self._lasts = _month_of(self.current.begun) if self.current else (0.0, 0.0)

    @property
    def current(self) -> PeriodKey | None:
        """What is sealed to now; None before the first one began."""
        return self._periods[-1] if self._periods else None

    def every(self) -> tuple[PeriodKey, ...]:
        """All of them, the first one first."""
        return tuple(self._periods)

    @property
    def is_over(self) -> bool:
        """Whether another month has begun since, or there is no period yet.

        A day's grace before it began, for a clock that is set back a little.
        """
        begins, ends = self._lasts
        return not begins - _GRACE <= clock.time() < ends

    def begin_if_over(self, officers: Callable[[], Sequence[Recipient]], tell: Tell) -> None:
        """Begin the new month's period, as `begin`, unless somebody else just did."""
        with self._changing:
            if self.is_over:
                self.begin(officers(), tell)

    def begin(self, officers: Sequence[Recipient], tell: Tell) -> PeriodKey:
        """From now on there is a new period, sealed to these officers.

        Args:
            officers: whose keys are in force; none: the store itself can open it.
            tell: puts the new period on record, before it is in force.

        Raises:
            AuditError: it cannot be written; the old one stays in force.
        """
        private = hpke.new_period_key()
        public = base64.b64encode(hpke.period_public(private)).decode("ascii")
        with self._changing:
            period = PeriodKey(self._store, len(self._periods) + 1, now().time, public)
            wraps = tuple(wrapped(period, private, officer) for officer in officers)
            held = "" if officers else self._hold(period, private)
            period = replace(period, wraps=wraps, held=held)
            self._put(period, tell)
            self._lasts = _month_of(period.begun)
        return period

    def hand_over(self, officer: Recipient, tell: Tell) -> int:
        """Seal the periods that the store itself holds to an officer, and let them go."""
        with self._changing:
            held = [period for period in self._periods if period.held]
            for period in held:
                wrap = wrapped(period, self.private_of(period), officer)
                self._put(replace(period, wraps=(*period.wraps, wrap), held=""), tell)
        return len(held)

    def share(self, number: int, wrap: Wrap, tell: Tell) -> None:
        """Add what one officer sealed to another; only its own recipient can tell if it fits."""
        with self._changing:
            period = self.numbered(number)
            kept = tuple(w for w in period.wraps if w.officer != wrap.officer)
            self._put(replace(period, wraps=(*kept, wrap)), tell)

    def destroy(self, number: int, tell: Tell) -> None:
        """Destroy every seal of a period's private key: what was sealed to it is gone for good."""
        with self._changing:
            self._put(replace(self.numbered(number), wraps=(), held=""), tell)

    def numbered(self, number: int) -> PeriodKey:
        """The period of this number.

        Raises:
            AuditError: there is none.
        """
        if not 1 <= number <= len(self._periods):
            raise AuditError(
                "there is no period of this number", remedy="`appliance audit key list`"
            )
        return self._periods[number - 1]

    def digest_of(self, period: PeriodKey) -> str:
        """What is on record of a period's file as it stands now."""
        return _digest(self._spelled(period))

    def private_of(self, period: PeriodKey) -> bytes:
        """The private key of a period that the store itself holds.

        Raises:
            SealBroken: it does not hold it.
        """
        if not period.held:
            raise SealBroken(
                "the strings of this period are sealed to the officers",
                remedy="an officer opens them with his key: `appliance audit show --key`",
            )
        sealed = base64.b64decode(period.held)
        return _fitting(period, open_record(self._seal_key, sealed, _held_context(period)))

    def _hold(self, period: PeriodKey, private: bytes) -> str:
        sealed = seal_record(self._seal_key, private, _held_context(period))
        return base64.b64encode(sealed).decode("ascii")

    def _put(self, period: PeriodKey, tell: Tell) -> None:
        """Write, put on record, and only then let it be: a crash between leaves the old one."""
        data = self._spelled(period)
        path = self._path(period.number)
        draft = path.with_name(path.name + _DRAFT)
        write_whole(draft, data)
        tell(period.number, _digest(data))
        with unbroken():  # else memory could go on with a period that is another one on the disk
            try:
                draft.rename(path)
                synchronise(self._folder)
            except OSError as error:
                raise AuditError(f"{path} cannot be written ({error.strerror})") from error
            self._periods[period.number - 1 :] = [period, *self._periods[period.number :]]

    def _spelled(self, period: PeriodKey) -> bytes:
        plain = json.dumps(to_plain(period), sort_keys=True, separators=(",", ":"))
        mac = keyed_hash(self._mac_key, plain.encode("ascii"))
        return f'{{"mac":"{mac}","period":{plain}}}\n'.encode("ascii")

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:04d}.json"

    def _read(self) -> list[PeriodKey]:
        try:
            there = sorted(path.name for path in self._folder.iterdir())
        except OSError as error:
            raise AuditError(f"{self._folder} cannot be read ({error.strerror})") from error
        for draft in (name for name in there if _DRAFT in name):
            with suppress(OSError):  # a crash left it; nothing was sealed to it
                (self._folder / draft).unlink()
        names = [name for name in there if _NAME.fullmatch(name)]
        wanted = [self._path(number).name for number in range(1, len(names) + 1)]
        if names != wanted:
            raise AuditError(f"{self._folder}: a period is missing", remedy=_REMEDY)
        return [self._opened(self._folder / name, number) for number, name in enumerate(names, 1)]

    def _opened(self, path: Path, number: int) -> PeriodKey:
        try:
            with path.open("rb") as file:
                untrusted = file.read(LARGEST + 1)
            period = from_plain(PeriodKey, json.loads(untrusted)["period"])
        except OSError as error:
            raise AuditError(f"{path} cannot be read ({error.strerror})") from error
        except (ValueError, KeyError, TypeError, RecursionError):
            raise AuditError(f"{path} is no period", remedy=_REMEDY) from None
        own = hmac.compare_digest(self._spelled(period), untrusted)
        if not own or (period.number, period.store) != (number, self._store):
            raise AuditError(f"{path} was changed", remedy=_REMEDY)
        return period


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _fitting(period: PeriodKey, private: bytes) -> bytes:
    public = base64.b64encode(hpke.period_public(private)).decode("ascii")
    if public != period.public:
        raise SealBroken("a period's key is not the one that belongs to it", remedy=_REMEDY)
    return private


def _month_of(time: str) -> tuple[float, float]:
    """When the month of a moment begins and ends, in seconds since 1970."""
    year, month = int(time[:4]), int(time[5:7])
    begins = datetime(year, month, 1, tzinfo=UTC)
    ends = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return begins.timestamp(), ends.timestamp()


def _wrap_info(period: PeriodKey, officer: str) -> bytes:
    return Context("period/wrap", period.store, "", officer, period.number, 0).encode()


def _held_context(period: PeriodKey) -> Context:
    return Context("period/held", period.store, "", "", period.number, 0)
