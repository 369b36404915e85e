"""Whether the catalogue is the one that the log bound last.

SQLCipher does not notice an old page, or a whole old file, that is put back.  The log does: every
outcome and event carries the catalogue's root, and when the two are opened together they must
agree.  There is one excuse: an act that was cut short may have changed the catalogue and not have
had its outcome.  That is put on record; an act that only reads excuses nothing.
"""

from __future__ import annotations

import os

from appliance.audit.pen import Pen
from appliance.audit.records import Actor, Kind, Result, draft
from appliance.errors import StoreDamaged

READS = frozenset(
    {
        "list",
        "show",
        "search",
        "results",
        "result",
        "status",
        "doctor",
        "attest",
        "accept",
        "audit_show",
        "audit_verify",
        "audit_report",
        "console_read",
        "grant_list",
        "user_list",
        "wall_list",
        "break_glass_list",
        "policy_check",
        "policy_explain",
        "policy_diff",
        "key_status",
    }
)


def account(pen: Pen, torn: int, bound: str, root: str) -> None:
    """Put on record what was found at open: a torn end that was cut, and another catalogue.

    Args:
        pen: writes the log.
        torn: bytes that were cut.
        bound: the root of the catalogue that the log bound last; empty: none.
        root: the catalogue's; empty: there is none. Nothing is compared where one is empty.

    Raises:
        StoreDamaged: they differ, and no act that could have made the difference was cut short.
        AuditError: what was found cannot be recorded.
    """
    system = Actor(os.getuid())
    if torn:
        cut = Result("done", "", (("torn_bytes", torn),))
        pen.write(draft(Kind.SYSTEM, system, "repair_log", result=cut), binds=False)
    if not bound or not root or bound == root:
        return
    changers = [one for one in pen.unanswered.values() if one.action not in READS]
    if changers:
        found = Result("done", "", (("acts_cut_short", len(changers)),))
        pen.write(draft(Kind.SYSTEM, system, "catalogue_ahead", result=found))
        return
    pen.write(draft(Kind.SECURITY, system, "rollback_found", result=Result("refused")), binds=False)
    raise StoreDamaged(
        "catalogue.db is not as the audit log last saw it: an older page or file was put back",
        remedy="keep a copy as evidence, then restore store and audit log together, of one backup",
    )
