"""The options of a summary, of ``summarize`` and of ``process --summarize`` alike."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import click

from appliance.tasks.brief import Brief, Length, Level

Command = Callable[..., Any]


def summary_options(command: Command) -> Command:
    """Add --length, --level, --template and --vote, handed to the command as one ``brief``."""

    @click.option(
        "--length",
        type=click.Choice([str(length) for length in Length]),
        default=str(Length.MEDIUM),
        show_default=True,
        help="How much a summary may show.",
    )
    @click.option(
        "--level",
        type=click.Choice([str(level) for level in Level]),
        default=str(Level.PROFESSIONAL),
        show_default=True,
        help="plain: shorter sentences of more common words are preferred.",
    )
    @click.option(
        "--template",
        default="",
        metavar="NAME",
        help="Sections of a summary: contract, clinical_note, encounter, filing, judgment, "
        "mail_thread or general. By default the document decides.",
    )
    @click.option(
        "--vote",
        is_flag=True,
        help="Let the language model weigh in on which sentences matter; slower, and of use only "
        "with a larger model than the default.",
    )
    @wraps(command)
    def with_brief(
        *args: Any, length: str, level: str, template: str, vote: bool, **kwargs: Any
    ) -> Any:
        from appliance.tasks import templates

        if template:
            templates.load(template)  # an unknown one is an error now, not after an hour
        brief = Brief(Length(length), Level(level), template, vote)
        return command(*args, brief=brief, **kwargs)

    return with_brief
