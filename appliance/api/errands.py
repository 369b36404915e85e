"""What the hand of the resident service can be asked, and by what settings it does it.

Nothing of a request is trusted but to choose: which of two engines, how deep to look.  Programs,
models and folders come from the settings that were read before the hand was forked.
"""

from __future__ import annotations

from appliance.config import Settings
from appliance.egress.hand import Asked, Hand, Notify, Table
from appliance.engine import larger, server
from appliance.errors import InvariantBroken
from appliance.plain import Plain, to_plain
from appliance.sandbox import resident

TRY, EXAMINE = "try every way out", "examine this installation"


def fork(settings: Settings, user: str = "") -> Hand:
    """Begin the hand of a service; before there is a secret or a thread in this process.

    Args:
        settings: of the service.
        user: whom the hand becomes, as the service will; empty: it stays who it is.
    """
    return Hand.fork(
        table(settings),
        before=lambda: resident.become(user),
        ending=lambda asked: _end_engines(settings, asked),
    )


def table(settings: Settings) -> Table:
    """Every request; heavy rooms load in the child that answers one."""

    def start(argument: Plain, notify: Notify) -> Plain:
        server.start(chosen(settings, argument), notify)
        return None

    def stop(argument: Plain, _: Notify) -> Plain:
        server.stop(chosen(settings, argument))
        return None

    def try_every_way(_: Plain, __: Notify) -> Plain:
        from appliance.attest.parts import attempts

        return to_plain(attempts(settings))

    def examine(argument: Plain, notify: Notify) -> Plain:
        from appliance.acceptance import run

        asked = argument if isinstance(argument, dict) else {}
        key = bytes.fromhex(str(asked.get("key", "")))
        return to_plain(
            run.examine(settings, notify, deep=asked.get("deep") is True, public_key=key)
        )

    return {server.START: start, server.STOP: stop, TRY: try_every_way, EXAMINE: examine}


def chosen(settings: Settings, argument: Plain) -> Settings:
    """The engine that a request names: the service's own, or the larger one beside it.

    Raises:
        InvariantBroken: any other.
    """
    asked = argument if isinstance(argument, dict) else {}
    home, model = asked.get("home"), str(asked.get("model"))
    if (home, model) == (str(settings.home), settings.engine.model):
        return settings
    other = larger.of(settings, model)
    if home == str(other.home) and larger.installed(settings, model):
        return other
    raise InvariantBroken("the helping process was asked for an engine that is not this service's")


def _end_engines(settings: Settings, asked: tuple[Asked, ...]) -> None:
    """What was started for the service ends with it: an engine remembers what it has read."""
    for one in asked:
        if one.name == server.START:
            server.stop(chosen(settings, one.argument))
