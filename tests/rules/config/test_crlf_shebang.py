"""CONF007 crlf-shebang: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.system.programs import ProgramState
from layerscope.facts.system.scripts import Scripts
from layerscope.rules.config.crlf_shebang import CrlfShebang
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import PROCESS, missing, script


def scripts(*paths: str, has_carriage_return: bool = True, is_on_path: bool = False) -> Scripts:
    """Scripts of layer 1."""
    return Scripts(
        evidence=Evidence(1, paths[0]),
        layer=1,
        instruction="COPY . /app",
        interpreter="/bin/sh",
        has_carriage_return=has_carriage_return,
        is_on_path=is_on_path,
        missing=None,
        count=len(paths),
        paths=paths,
    )


def test_flags_the_entry_script_once() -> None:
    """It is the worst case, and not told again among the others of its layer."""
    entry = script("#!/bin/sh\r", interpreter=missing("/bin/sh\r"))
    (finding,) = flags(CrlfShebang, replace(PROCESS, program=entry), scripts("app/start.sh"))
    assert finding.message == (
        "The first line of /app/start.sh, which the container starts, ends in a carriage return, "
        "so its interpreter is not found"
    )
    assert finding.severity is Severity.HIGH


def test_flags_the_entry_script_that_lacks_the_permission_too() -> None:
    """A chmod alone does not mend it."""
    entry = replace(script("#!/bin/sh\r"), state=ProgramState.NOT_EXECUTABLE, mode=0o644)
    (finding,) = flags(CrlfShebang, replace(PROCESS, program=entry))
    assert finding.message == (
        "The first line of /app/start.sh, which the container starts, ends in a carriage return, "
        "so with execute permission alone it does not start either"
    )
    assert finding.severity is Severity.HIGH


def test_tells_other_scripts_by_layer() -> None:
    """One checkout on Windows is one cause."""
    (finding,) = flags(CrlfShebang, PROCESS, scripts("app/a.sh", "app/b.sh"))
    assert finding.message == (
        "2 scripts of layer 1 (COPY . /app) have first lines that end in a carriage return: /app/a.sh and /app/b.sh"
    )
    assert finding.severity is Severity.LOW


def test_scripts_on_the_path_are_worse() -> None:
    """Somebody is going to type their name."""
    (finding,) = flags(CrlfShebang, PROCESS, scripts("usr/bin/tool", is_on_path=True))
    assert finding.severity is Severity.MEDIUM


def test_ignores_lines_that_end_in_a_line_feed() -> None:
    """As they should."""
    ignores(CrlfShebang, PROCESS, scripts("app/a.sh", has_carriage_return=False))
