"""A process that acts under the audit log, for tests that make its system calls fail.

Run as ``python -m tests.security.acting FOLDER``: opens the log in FOLDER/audit and does three
actions.  For action N it makes FOLDER/acted/N once the intent is recorded, and FOLDER/released/N
once the outcome is.  Ends with the exit code of the audit error that stopped it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from appliance.errors import AuditError
from tests.audit.logbox import ANA, LogBox, document

ACTIONS = 3


def main(folder: Path) -> int:
    """Act until something fails."""
    try:
        with LogBox(folder / "audit").open() as log:
            for number in range(ACTIONS):
                intent = log.intent(ANA, "ask", documents=(document(number),))
                (folder / "acted" / str(number)).touch()
                log.outcome(intent, "done", documents=(document(number),))
                (folder / "released" / str(number)).touch()
    except AuditError as error:
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
