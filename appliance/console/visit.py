"""One page asked for by somebody who is signed in, and what it may answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from appliance.console.asking import whole

if TYPE_CHECKING:
    from appliance.app.oversight.timeline import Called
    from appliance.app.view import Appliance
    from appliance.audit.sentences import Names
    from appliance.console.jobs import Job
    from appliance.console.sessions import Session

Open = Callable[[], "Appliance"]  # a view of the appliance of its own, to be closed


@dataclass(frozen=True, slots=True)
class Page:
    """A template and what is put into it."""

    template: str
    title: str
    values: Mapping[str, object] = field(default_factory=dict)
    refresh: int = 0  # seconds after which a page that waits is asked for again; 0: never
    status: int = 200


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Where to look next, after a form."""

    path: str


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be carried away."""

    path: Path
    name: str
    media_type: str


Answer = Page | Elsewhere | Download


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page has to work with; the session's appliance is this page's alone meanwhile."""

    appliance: Appliance
    session: Session
    called: Called
    query: Mapping[str, str]  # untrusted
    path: Mapping[str, str]  # untrusted
    form: Mapping[str, str]  # untrusted, and of this session
    open: Open

    @property
    def names(self) -> Names:
        """What things are called."""
        return self.session.names

    @property
    def jobs(self) -> dict[str, Job]:
        """Work of this session that runs beside its pages, by what it is for."""
        return self.session.jobs

    def number(self, name: str) -> int:
        """A number in the page's path.

        Raises:
            UsageError: it is none.
        """
        return whole(self.path.get(name, ""))
