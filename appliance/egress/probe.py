"""The program that looks and tries, started in the place of what it stands for.

Its one argument is an `Errand` in JSON; it writes an `Observation` in JSON to standard output.
``errand.lab`` makes a network namespace with a way to nowhere first; ``errand.then`` becomes
another program there, such as a launcher that starts this one again behind its wall.
"""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass

from appliance.egress import canaries, facts, route
from appliance.egress.canaries import Attempt
from appliance.egress.facts import Facts
from appliance.errors import ApplianceError, SandboxError
from appliance.plain import from_plain, to_plain
from appliance.sandbox import confine, covers

MARK = "observed: "  # how the line with the observation begins
NOT_APART = "this is the host's own network: no canary is set free in it"


@dataclass(frozen=True, slots=True)
class Errand:
    """What to do: ``host`` names the network namespace that no canary may be set free in."""

    host: str
    lab: bool = False
    only_local: bool = False  # first take every address family but AF_UNIX away from this process
    then: tuple[str, ...] = ()

    def encode(self) -> str:
        """As an argument."""
        return json.dumps(to_plain(self))


_NOTHING = Facts()


@dataclass(frozen=True, slots=True)
class Observation:
    """What was seen in one place.  ``fault`` says why nothing or not all could be observed."""

    fault: str = ""
    before: Facts = _NOTHING
    after: Facts = _NOTHING
    families: tuple[tuple[str, str], ...] = ()
    attempts: tuple[Attempt, ...] = ()
    resolvers: tuple[str, ...] = ()

    @classmethod
    def decode(cls, untrusted_output: str) -> Observation:
        """The observation in what the program printed; one with a fault where there is none."""
        for line in untrusted_output.splitlines():
            if line.startswith(MARK):
                try:
                    return from_plain(cls, json.loads(line.removeprefix(MARK)))
                except ValueError:
                    return cls(fault="what the probe printed cannot be read")
        refusals = [line for line in untrusted_output.splitlines() if line.startswith("refused: ")]
        return cls(fault=refusals[0][:200] if refusals else "the probe ended without a word")


def main(arguments: list[str]) -> None:
    """Run the errand in the first argument."""
    errand = from_plain(Errand, json.loads(arguments[0]))
    try:
        if errand.lab:
            enter_lab()
        if errand.then:
            os.execv(errand.then[0], errand.then)  # noqa: S606 -- no shell wanted
        if errand.only_local:
            confine.no_new_privileges()
            confine.drop_capabilities()
            confine.only_families((socket.AF_UNIX,))
        seen = observe(errand.host)
    except ApplianceError as error:
        seen = Observation(fault=error.message)
    line = MARK + json.dumps(to_plain(seen)) + "\n"
    os.write(1, line.encode())


def enter_lab() -> None:
    """Move this process into a network namespace of its own that has a way out to nowhere.

    Raises:
        SandboxError: the host forbids it.
    """
    if not confine.isolate_network():
        raise SandboxError("the host forbids network namespaces")
    covers.cover(covers.NAME_SERVICES)
    route.open_way()


def observe(host: str) -> Observation:
    """Look at this process and set the canaries free, except in the network ``host``."""
    families, resolvers = canaries.families(), canaries.resolvers()
    before = facts.of()
    if not before.network or not host or before.network in {host, before.init_network}:
        return Observation(NOT_APART, before, before, families, (), resolvers)
    attempts = canaries.release()
    return Observation("", before, facts.of(), families, attempts, resolvers)
