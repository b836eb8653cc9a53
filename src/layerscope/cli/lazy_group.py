"""LazyGroup: commands whose modules are imported when they are used, not when they are listed."""

import importlib
from collections.abc import Mapping
from typing import NamedTuple

import click


class LazyCommand(NamedTuple):
    """Where a command is defined, as `MODULE`, and the first line of its help."""

    module: str
    summary: str


class LazyGroup(click.Group):
    """A group that knows names and summaries of its commands and imports a module for the command that runs.

    A module of a command defines it under the name `command`.
    """

    def __init__(self, *, lazy: Mapping[str, LazyCommand], **settings: object) -> None:
        """Take the commands by name; the rest is click's."""
        super().__init__(**settings)  # type: ignore[arg-type]  # click's own keywords, passed on
        self.lazy = lazy

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 -- click's signature
        """The names, in the order in which they are best read."""
        return list(self.lazy)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 -- click's
        """Import the command of that name."""
        lazy = self.lazy.get(cmd_name)
        if lazy is None:
            return None
        command = importlib.import_module(lazy.module).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, lazy.summary) for name, lazy in self.lazy.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is meant, and name the nearest one where there is none."""
        name = args[0]
        if name not in self.lazy and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name, self.lazy, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"no such command {name!r}{hint}")
        return super().resolve_command(ctx, args)
