"""What the policy says, from flags over the environment over the file over defaults, with the origin of every value."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import click
from click.core import ParameterSource

from layerscope.errors import SettingsError, UsageError
from layerscope.gate.policy import DEFAULTS
from layerscope.gate.setting import Origin, Setting
from layerscope.settings import CHECK_TABLE, Settings

FLAGS: Final = {"gpus": "gpu"}
"""Keys whose flag, and whose key outside of `[check]`, has another name."""

IMAGES: Final = "images"
_UNTOLD: Final = frozenset({"show_config", "update_baseline", "by_dockerfiles", "username", "password_stdin"})
"""Options that are no settings: what is asked of this run alone."""


def collect_settings(context: click.Context, settings: Settings) -> dict[str, Setting]:
    """Every key of the policy; raises SettingsError for a key of `[check]` that nobody knows."""
    table = Setting(CHECK_TABLE, settings.check, Origin.FILE, str(settings.path or ""))
    table.refuse_unknown(DEFAULTS)
    return {key: _find(key, context, settings, table) for key in DEFAULTS}


def _find(key: str, context: click.Context, settings: Settings, table: Setting) -> Setting:
    flag = FLAGS.get(key, key)
    parameter = next((each for each in context.command.params if _name(each) == flag), None)
    source = context.get_parameter_source(parameter.name) if parameter is not None and parameter.name else None
    value = context.params.get(parameter.name) if parameter is not None and parameter.name else None
    match source:
        case ParameterSource.COMMANDLINE if value != ():
            return Setting(key, _plain(value), Origin.FLAG, "IMAGE" if key == IMAGES else f"--{flag}")
        case ParameterSource.ENVIRONMENT if parameter is not None:
            return Setting(key, _plain(value), Origin.VARIABLE, str(parameter.envvar))
        case _ if key in settings.check:
            found = table.below(key, settings.check[key])
            return _place(found, settings.path) if key == "fleet" else found
        case _ if flag in settings.values:
            return Setting(flag, settings.values[flag], Origin.FILE, str(settings.path))
        case _:
            return Setting(key, DEFAULTS[key])


@contextmanager
def naming(setting: Setting) -> Iterator[None]:
    """Have an error say which setting of the policy it is about; one about a flag says that itself."""
    try:
        yield
    except UsageError as error:
        if setting.origin in {Origin.FILE, Origin.VARIABLE}:
            key = setting.key.removeprefix(f"{CHECK_TABLE}.")
            told = str(error).removeprefix(f"--{FLAGS.get(key, key)}: ")
            raise SettingsError(f"{setting.where}: {told}") from error
        raise


def _place(setting: Setting, path: Path | None) -> Setting:
    """A path of the file, meant from its folder."""
    text = setting.read_text("the path of a file")
    return Setting(setting.key, str((path or Path()).parent / text), setting.origin, setting.place)


def list_options(context: click.Context, settings: Settings) -> Iterator[Setting]:
    """The other options of the command that are settings: how images are read and results are told."""
    policy = {FLAGS.get(key, key) for key in DEFAULTS}
    origins = {
        ParameterSource.COMMANDLINE: Origin.FLAG,
        ParameterSource.ENVIRONMENT: Origin.VARIABLE,
        ParameterSource.DEFAULT_MAP: Origin.FILE,
    }
    for parameter in context.command.params:
        flag, name = _name(parameter), parameter.name or ""
        if flag in policy or name in _UNTOLD or not parameter.expose_value:
            continue
        source = context.get_parameter_source(name)
        origin = origins.get(source, Origin.DEFAULT) if source else Origin.DEFAULT
        places = {Origin.FLAG: f"--{flag}", Origin.VARIABLE: str(parameter.envvar), Origin.FILE: str(settings.path)}
        yield Setting(flag, _plain(context.params.get(name)), origin, places.get(origin, ""))


def _name(parameter: click.Parameter) -> str:
    """An option by its long name, an argument by its own."""
    if isinstance(parameter, click.Argument):
        return parameter.name or ""
    return next(name for name in parameter.opts if name.startswith("--")).removeprefix("--")


def _plain(value: object) -> object:
    """A value of click as TOML would have it."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value
