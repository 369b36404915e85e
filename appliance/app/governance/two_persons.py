"""What only two persons may do together: one proposes it, another does it.

The proposal is a record of the audit log, which is verified before it is believed; there is no
table of proposals that somebody could edit.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.app.acts import Acts
from appliance.audit.records import Kind
from appliance.audit.verify import verify
from appliance.errors import Denied

WAITS = timedelta(days=30)  # for the second person; after that it has to be proposed again
PROPOSED, DONE = "proposed", "done"


class TwoPersons:
    """Proposals on record."""

    def __init__(self, acts: Acts, home: Path) -> None:
        self._acts, self._home = acts, home

    def approved(self, action: str, what: str) -> bool:
        """Whether somebody else proposed just this; if nobody did, it is proposed now.

        Call it inside the act; then do the work, and `conclude` it.

        Args:
            action: name of the action, whose administration records hold the proposals.
            what: the one thing it is about, one word such as ``segment:3``.

        Raises:
            Denied: one's own proposal is waiting already.
        """
        proposers = self.proposers(action, what)
        me = self._acts.actor.uid
        if proposers - {me}:
            return True
        if me in proposers:
            raise Denied(
                "you proposed this yourself",
                remedy="another administrator or officer runs the same command",
            )
        self._tell(action, PROPOSED, what)
        return False

    def conclude(self, action: str, what: str) -> None:
        """Put on record that it was done; the proposal is used up."""
        self._tell(action, DONE, what)

    def proposers(self, action: str, what: str) -> frozenset[int]:
        """Who proposed this since it was done last, in the last thirty days.

        Raises:
            AuditError: the log does not verify.
        """
        return self.waiting(action).get(what, frozenset())

    def waiting(self, action: str) -> dict[str, frozenset[int]]:
        """All that was proposed and waits for a second person, with who proposed it.

        Raises:
            AuditError: the log does not verify.
        """
        verify(self._home / "audit", self._acts.log.public_key)
        oldest = (datetime.now(UTC) - WAITS).strftime("%Y-%m-%dT%H:%M:%S")
        found: dict[str, frozenset[int]] = {}
        for record in self._acts.log.records(Kind.ADMIN):
            if record.action != action or record.result is None:
                continue
            status, _, what = record.result.status.partition(",")
            if status == DONE:
                found.pop(what, None)
            elif status == PROPOSED and record.time >= oldest:
                found[what] = found.get(what, frozenset()) | {record.uid}
        return found

    def _tell(self, action: str, status: str, what: str) -> None:
        self._acts.log.event(Kind.ADMIN, action, self._acts.actor, status=f"{status},{what}")
