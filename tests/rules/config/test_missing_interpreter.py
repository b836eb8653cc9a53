"""CONF006 missing-interpreter: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.facts.fact import Evidence
from layerscope.facts.system.programs import Program, ProgramState
from layerscope.facts.system.scripts import Scripts
from layerscope.rules.config.missing_interpreter import MissingInterpreter
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import DAMAGED, PROCESS, found, missing, script


def scripts(interpreter: str, *paths: str, is_on_path: bool = True, is_missing: bool = True) -> Scripts:
    """Scripts of layer 1."""
    return Scripts(
        evidence=Evidence(1, paths[0]),
        layer=1,
        instruction="RUN make install",
        interpreter=interpreter,
        has_carriage_return=False,
        is_on_path=is_on_path,
        missing=missing(interpreter) if is_missing else None,
        count=len(paths),
        paths=paths,
    )


def test_flags_an_entry_script_for_a_shell_that_is_not_there() -> None:
    """The kernel would blame the script."""
    entry = script("#!/bin/bash", interpreter=missing("/bin/bash"))
    (finding,) = flags(MissingInterpreter, replace(PROCESS, program=entry))
    assert finding.message == (
        "The entrypoint starts the script /app/start.sh, whose interpreter /bin/bash is not in the image"
    )
    assert finding.severity is Severity.HIGH


def test_flags_an_entry_script_without_a_first_line() -> None:
    """Engines do not fall back to a shell as shells do."""
    entry = Program("/app/start.sh", ProgramState.FOUND, "app/start.sh", 1, 0o755, is_text=True)
    (finding,) = flags(MissingInterpreter, replace(PROCESS, program=entry))
    assert finding.message == "The entrypoint starts the script /app/start.sh, whose first line names no interpreter"


def test_tells_scripts_on_the_path_by_interpreter() -> None:
    """They are a smaller matter: nothing may ever start them."""
    (finding,) = flags(MissingInterpreter, PROCESS, scripts("perl", "usr/bin/a", "usr/bin/b"))
    assert finding.message == ("2 scripts on the PATH need perl, which is not in the image: /usr/bin/a and /usr/bin/b")
    assert finding.severity is Severity.LOW


def test_ignores_scripts_whose_interpreter_is_there() -> None:
    """So do scripts off the PATH, whatever they name."""
    entry = script("#!/bin/sh", interpreter=found("/bin/sh"))
    ignores(MissingInterpreter, replace(PROCESS, program=entry), scripts("sh", "usr/bin/a", is_missing=False))
    ignores(MissingInterpreter, PROCESS, scripts("tclsh", "usr/share/doc/a", is_on_path=False))


def test_ignores_a_carriage_return() -> None:
    """The interpreter is there under its true name; that is CONF007's."""
    entry = script("#!/bin/sh\r", interpreter=missing("/bin/sh\r"))
    ignores(MissingInterpreter, replace(PROCESS, program=entry))


def test_ignores_a_missing_one_where_a_layer_could_not_be_read() -> None:
    """It may lie in that layer."""
    ignores(MissingInterpreter, DAMAGED, PROCESS, scripts("perl", "usr/bin/a"))
