"""How commands are listed on a help page: under headings, each with its whole first sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

WHOLE = 1000  # characters: a first sentence is wrapped, never cut


class Group(click.Group):
    """A group whose help page cuts nothing; `headings` may divide it."""

    def headings(self) -> Mapping[str, Sequence[str]]:
        """Heading: names under it, in their order."""
        return {"Commands": list(self.commands)}

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands of the help page."""
        for heading, names in self.headings().items():
            found = [(name, self.get_command(ctx, name)) for name in names]
            rows = [(name, one.get_short_help_str(WHOLE)) for name, one in found if one]
            with formatter.section(heading):
                formatter.write_dl(rows)
