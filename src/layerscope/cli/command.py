"""Command: a click command whose options may also be set in the settings file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from layerscope.cli.outputs import AUDIT_FORMATS, TEXT_AND_JSON
from layerscope.settings import Settings, read_settings


class Command(click.Command):
    """A command that takes its defaults from the settings file: flags over environment over file over default.

    `formats` are those that it tells its results in.
    """

    def __init__(self, *arguments: Any, formats: Sequence[str] = TEXT_AND_JSON, **settings: Any) -> None:
        """Make a command as click does."""
        super().__init__(*arguments, **settings)
        self.formats = formats

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse with the file's values as defaults; a broken file does not stand between a person and the help."""
        if any(name in args for name in ctx.help_option_names):
            return super().parse_args(ctx, args)
        settings = read_settings(Path.cwd())
        ctx.default_map = _match_parameters(settings, self)
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            name = error.param.name if error.param is not None else None
            where = None if name is None else _find_origin(ctx, name, settings)
            if where is None:
                raise
            message = f"{error.message.rstrip('.')} (set in {where})"
            raise click.BadParameter(message, ctx=error.ctx, param=error.param) from error


def _find_origin(ctx: click.Context, name: str, settings: Settings) -> str | Path | None:
    """Where a value was set that nobody wrote on the command line."""
    match ctx.get_parameter_source(name):
        case ParameterSource.DEFAULT_MAP:
            return settings.path
        case ParameterSource.ENVIRONMENT:
            return next((f"the environment, {p.envvar}" for p in ctx.command.params if p.name == name), None)
        case _:
            return None


def _match_parameters(settings: Settings, command: Command) -> dict[str, object]:
    """The settings that this command has an option for, by parameter name.

    An output in a format that another command alone has is that one's: a file serves all commands.
    """
    options = {
        name.removeprefix("--"): parameter
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name
        for name in parameter.opts
    }
    matched = {
        parameter.name: settings.values[key]
        for key, parameter in options.items()
        if parameter.name and key in settings.values and _takes(parameter, settings.values[key])
    }
    if isinstance(outputs := matched.get("output"), list):
        foreign = set(AUDIT_FORMATS) - set(command.formats)
        matched["output"] = [text for text in outputs if str(text).partition("=")[0] not in foreign]
    return matched


def _takes(option: click.Option, value: object) -> bool:
    """Whether a setting is this option's: `base` names an image for some commands, and is a flag of another."""
    return not option.is_flag or isinstance(value, bool)
