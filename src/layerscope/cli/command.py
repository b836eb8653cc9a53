"""Command: a click command whose options may also be set in the settings file."""

from pathlib import Path

import click
from click.core import ParameterSource

from layerscope.settings import Settings, read_settings


class Command(click.Command):
    """A command that takes its defaults from the settings file: flags over environment over file over default."""

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
            if name is None or ctx.get_parameter_source(name) is not ParameterSource.DEFAULT_MAP:
                raise
            message = f"{error.message.rstrip('.')} (set in {settings.path})"
            raise click.BadParameter(message, ctx=error.ctx, param=error.param) from error


def _match_parameters(settings: Settings, command: click.Command) -> dict[str, object]:
    """The settings that this command has an option for, by parameter name."""
    options = {
        name.removeprefix("--"): parameter.name
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.name
        for name in parameter.opts
    }
    return {name: settings.values[key] for key, name in options.items() if name and key in settings.values}
