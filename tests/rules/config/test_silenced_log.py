"""CONF017 silenced-log: what it flags and what it lets pass."""

import pytest
from msgspec.structs import replace

from layerscope.facts.config.environment import Environment, Variable
from layerscope.facts.config.process import Process, WorkingDirectory
from layerscope.facts.fact import Evidence
from layerscope.rules.config.silenced_log import SilencedLog
from layerscope.rules.config_edit import SetVariable
from layerscope.rules.fix import Safety
from layerscope.rules.severity import Severity
from support.cases import flags, ignores

PROCESS = Process(
    evidence=Evidence(),
    entrypoint=(),
    cmd=("uvicorn", "app:app", "--log-level", "critical"),
    origin="command",
    program=None,
    inner=None,
    working_directory=WorkingDirectory("/", exists=True, is_directory=True),
    user="",
    stop_signal=None,
    exposed_ports=(),
    has_health_check=False,
    is_health_check_disabled=False,
    health_program=None,
)


def make_environment(**variables: str) -> Environment:
    """An environment of these variables."""
    return Environment(Evidence(), tuple(Variable(name, value) for name, value in variables.items()))


@pytest.mark.parametrize(
    ("name", "value", "better", "severity"),
    [
        ("VLLM_LOGGING_LEVEL", "CRITICAL", "INFO", Severity.MEDIUM),
        ("VLLM_LOGGING_LEVEL", "ERROR", "INFO", Severity.LOW),
        ("TRANSFORMERS_VERBOSITY", "error", "warning", Severity.LOW),
        ("HF_HUB_VERBOSITY", "critical", "warning", Severity.MEDIUM),
        ("RUST_LOG", "off", "info", Severity.MEDIUM),
        ("NIM_LOG_LEVEL", "CRITICAL", "INFO", Severity.MEDIUM),
        ("LOGLEVEL", "Fatal", "info", Severity.MEDIUM),
        ("LOG_LEVEL", "error", "info", Severity.LOW),
        ("TORCH_CPP_LOG_LEVEL", "ERROR", "WARNING", Severity.LOW),
        ("UCX_LOG_LEVEL", "FATAL", "WARN", Severity.MEDIUM),
    ],
)
def test_flags_a_level_that_hides_what_goes_wrong(name: str, value: str, better: str, severity: Severity) -> None:
    """And sets the usual one, in the letters of the old."""
    (finding,) = flags(SilencedLog, make_environment(**{name: value}), replace(PROCESS, cmd=()))
    assert finding.message.startswith(f"The image sets {name}={value}: ")
    assert finding.severity is severity
    (fix,) = finding.fixes
    assert fix.edits == (SetVariable(name, better),)
    assert fix.safety is Safety.REVIEW


def test_flags_an_option_of_the_command() -> None:
    """In any form; there is a step for a person."""
    (finding,) = flags(SilencedLog, make_environment(), PROCESS)
    assert finding.message == "The image's command says --log-level critical: errors and warnings are not told"
    assert finding.fixes[0].steps == (
        "In the CMD or ENTRYPOINT: --log-level info in the place of --log-level critical",
    )
    flags(SilencedLog, replace(PROCESS, cmd=("/bin/sh", "-c", "exec vllm serve /m --uvicorn-log-level=error")))


@pytest.mark.parametrize(
    "text",
    [
        "npm install --loglevel error && node s.js",
        "npm start --loglevel error",
        "alembic --log-level error upgrade head && exec uvicorn app:app",
        "logger --log-level error; exec uvicorn app:app",
    ],
)
def test_ignores_an_option_of_another_program(text: str) -> None:
    """One that installs, or ends before the server starts."""
    ignores(SilencedLog, make_environment(), replace(PROCESS, cmd=("/bin/sh", "-c", text)))


@pytest.mark.parametrize(
    "text",
    [
        "uvicorn app:app --log-level critical 2>&1 | tee /log",
        "npm install --loglevel error && exec python serve.py --log-level critical",
        "poetry run uvicorn app:app --log-level critical & wait $!",
    ],
)
def test_flags_an_option_of_the_server_among_helpers(text: str) -> None:
    """Wrappers and helpers of the shell around it."""
    (finding,) = flags(SilencedLog, make_environment(), replace(PROCESS, cmd=("/bin/sh", "-c", text)))
    assert "--log-level critical" in finding.message


@pytest.mark.parametrize(
    "variables",
    [
        {"LOG_LEVEL": "info"},
        {"LOG_LEVEL": "warning"},
        {"VLLM_LOGGING_LEVEL": "DEBUG"},
        {"TRANSFORMERS_VERBOSITY": ""},
        {"RUST_LOG": "info,hyper=error"},
        {"NPM_CONFIG_LOGLEVEL": "error"},
        {"npm_config_loglevel": "error"},
        {"POETRY_LOG_LEVEL": "error", "COREPACK_LOG_LEVEL": "none", "CYPRESS_LOG_LEVEL": "off"},
        {"ACCESS_LOG_LEVEL": "off", "GUNICORN_ACCESS_LOGLEVEL": "critical"},
        {"UCX_LOG_LEVEL": "WARN", "TORCH_CPP_LOG_LEVEL": "WARNING"},
        {"CATALOG_LEVEL": "none"},
        {"ON_ERROR": "error"},
    ],
)
def test_ignores_levels_that_tell_and_variables_of_no_log(variables: dict[str, str]) -> None:
    """Warnings come through, and what a package manager tells is of a build."""
    ignores(SilencedLog, make_environment(**variables), replace(PROCESS, cmd=("vllm", "serve", "/m")))


@pytest.mark.parametrize(
    "command",
    [
        ("server", "--log-level", "info"),
        ("/bin/sh", "-c", "exec uvicorn app:app --log-level=warning"),
        ("celery", "-A", "app", "worker", "-l", "INFO"),
    ],
)
def test_ignores_a_variable_over_which_the_command_s_own_level_wins(command: tuple[str, ...]) -> None:
    """It is told how much the program tells."""
    ignores(SilencedLog, make_environment(LOG_LEVEL="error"), replace(PROCESS, cmd=command))


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("LOG_LEVEL", ("/bin/sh", "-c", "exec server --log-level $LOG_LEVEL")),
        ("LOG_LEVEL", ("/bin/sh", "-c", "exec server --log-level ${LOG_LEVEL:-info}")),
        ("LOG_LEVEL", ("vllm", "serve", "/m", "--uvicorn-log-level", "info")),
        ("LOG_LEVEL", ("/bin/sh", "-c", "alembic --log-level info upgrade head && exec server")),
        ("LOG_LEVEL", ("gunicorn", "-l", "127.0.0.1", "app")),
        ("TRANSFORMERS_VERBOSITY", ("server", "--log-level", "info")),
    ],
)
def test_flags_a_variable_beside_an_option_that_does_not_win(name: str, command: tuple[str, ...]) -> None:
    """One that is filled in from it, is of another log or program, or sets no level."""
    flags(SilencedLog, make_environment(**{name: "error"}), replace(PROCESS, cmd=command))
