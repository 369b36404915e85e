"""The strings of a record that must not stand in clear: questions, names of people and files.

They are sealed together under the audit key, bound to the store, the record's id and its number,
so that they open in no other place.  Beside them stands a keyed hash of each, by which a known
string can be found again.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass

from appliance.audit.records import Record, nfc
from appliance.crypto import aead
from appliance.crypto.context import Context
from appliance.crypto.keyring import Key
from appliance.crypto.mac import keyed_hash
from appliance.errors import SealBroken


@dataclass(frozen=True, slots=True)
class PrivateStrings:
    """Seals and opens the private strings of one store's log."""

    seal_key: Key
    mac_key: Key
    store_id: str

    def seal(self, strings: Mapping[str, str], identity: str, seq: int) -> str:
        """Base64 of the sealed strings, for the record with this id and number."""
        plain = json.dumps({name: nfc(text) for name, text in strings.items()}).encode("ascii")
        context = self._context(identity, seq)
        return base64.b64encode(aead.seal(self.seal_key.material, plain, context)).decode("ascii")

    def open(self, record: Record) -> Mapping[str, str]:
        """The private strings of a record, by name; empty where it has none.

        Raises:
            SealBroken: they were changed, come from another record, or the key is another.
        """
        if not record.sealed:
            return {}
        context = self._context(record.id, record.seq)
        try:
            sealed = base64.b64decode(record.sealed, validate=True)
        except ValueError:
            raise SealBroken(f"audit record {record.seq}: the sealed strings are damaged") from None
        plain = json.loads(aead.open_sealed(self.seal_key.material, sealed, context))
        return {str(name): str(text) for name, text in plain.items()}

    def mac(self, name: str, text: str) -> str:
        """Keyed hash of one string under its name, 64 hex digits: equal for equal strings only."""
        data = f"{name}\x00{nfc(text)}".encode("utf-8", "surrogatepass")
        return keyed_hash(self.mac_key, data)

    def _context(self, identity: str, seq: int) -> bytes:
        return Context("audit", self.store_id, "", identity, seq, 0).encode()
