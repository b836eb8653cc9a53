"""Rewrites the parts of README.md that quote the program; a command: `python -m support.readme`."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click

from layerscope.cli.root import root
from layerscope.rules.registry import RULES
from support.images import Packing, load_fixture, write_oci_layout

README: Final = Path(__file__).parents[2] / "README.md"
BLOCK: Final = re.compile(r"(<!-- begin ([a-z-]+), written by `make readme` -->\n)(.*?)(<!-- end \2 -->)", re.DOTALL)
COLUMNS: Final = "100"
LESSER: Final = re.compile(r"^○ LOW .*?(?=^Next steps)", re.DOTALL | re.MULTILINE)
"""The findings that a reader of the README is spared."""

REMOVED: Final = re.compile(r"(^Findings removed\n.*?)^ LAY103 .*?(?=^\d+ paths gone)", re.DOTALL | re.MULTILINE)
"""All removed findings but the first."""

HEARD: Final = ("PATH", "HOME", "LANG")
"""Variables that the quoted command is given; anything else could change what it prints."""


def render_readme(text: str) -> str:
    """The text with every block that is generated written anew."""
    return BLOCK.sub(lambda block: f"{block[1]}{BLOCKS[block[2]]()}{block[4]}", text)


def render_commands() -> str:
    """A row for each command, in the order of `--help`."""
    rows = [f"| `layerscope {path}` | {command.get_short_help_str(200)} |" for path, command in iter_commands()]
    return table(("command", "says"), rows)


def render_rules() -> str:
    """A row for each rule, in the order of the codes."""
    rules = sorted(RULES, key=lambda rule: rule.code)
    rows = [f"| {rule.code} | `{rule.name()}` | {rule.severity.name.lower()} | {rule.title()} |" for rule in rules]
    return table(("code", "rule", "severity", "flags"), rows)


def render_audit() -> str:
    """What the program prints about the demonstration image."""
    shortened = LESSER.sub("…\n\n", run_quoted(["audit", "oci-dir:demo"])).strip()
    return f"```text\n$ layerscope audit oci-dir:demo\n{shortened}\n```\n"


def render_fix() -> str:
    """What the program prints about a fix of that image; its layers are not packed, for zlib has versions."""
    options = ["--apply", "--layers", "--to", "oci-dir:fixed"]
    shortened = REMOVED.sub(r"\1 …\n\n", run_quoted(["fix", "oci-dir:demo", *options], packing=Packing.NONE))
    return f"```text\n$ layerscope fix oci-dir:demo {' '.join(options)}\n{shortened}\n```\n"


def render_diff() -> str:
    """What the program prints first about two releases."""
    with tempfile.TemporaryDirectory() as folder:
        for name in ("release-old", "release-new"):
            write_oci_layout(load_fixture(name), Path(folder) / name, packing=Packing.NONE)
        words = ["diff", "oci-dir:release-old", "oci-dir:release-new", "--cache-dir", f"{folder}/cache"]
        printed = run_in(Path(folder), words)
    return f"```text\n$ layerscope {' '.join(words[:3])}\n{printed.partition('Characteristics')[0].strip()}\n…\n```\n"


def run_quoted(words: list[str], *, packing: Packing = Packing.GZIP) -> str:
    """What a command prints that is run beside the demonstration image."""
    with tempfile.TemporaryDirectory() as folder:
        write_oci_layout(load_fixture("demo"), Path(folder) / "demo", packing=packing)
        return run_in(Path(folder), [*words, "--cache-dir", f"{folder}/cache"])


def run_in(folder: Path, words: list[str]) -> str:
    """What a command prints in a folder."""
    command = [sys.executable, "-m", "layerscope", *words]
    environment = {name: os.environ[name] for name in HEARD if name in os.environ} | {"COLUMNS": COLUMNS}
    run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    return "\n".join(line.rstrip() for line in run.stdout.splitlines()).strip()


def iter_commands() -> Iterator[tuple[str, click.Command]]:
    """Every command that can be run, with the words that call it."""
    context = click.Context(root)
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        if isinstance(command, click.Group):
            yield from ((f"{name} {inner}", command.commands[inner]) for inner in command.commands)
        elif command is not None:
            yield name, command


def table(heading: tuple[str, ...], rows: list[str]) -> str:
    """A table as GitHub reads it."""
    return "\n".join([f"| {' | '.join(heading)} |", "| --- " * len(heading) + "|", *rows]) + "\n"


BLOCKS: Final[dict[str, Callable[[], str]]] = {
    "commands": render_commands,
    "rules": render_rules,
    "audit": render_audit,
    "fix": render_fix,
    "diff": render_diff,
}


if __name__ == "__main__":
    README.write_text(render_readme(README.read_text()))
