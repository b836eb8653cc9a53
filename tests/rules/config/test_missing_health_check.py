"""CONF009 missing-health-check: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.config.missing_health_check import MissingHealthCheck
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.sample_facts import PROCESS


def test_flags_a_process_without_a_check() -> None:
    """The fix asks the port that the image exposes."""
    (finding,) = flags(MissingHealthCheck, replace(PROCESS, has_health_check=False))
    assert finding.severity is Severity.INFO
    assert "http://127.0.0.1:9000/health" in finding.fixes[0].steps[0]


def test_asks_by_a_program_that_the_image_has() -> None:
    """The first of them that can."""
    for clients, words in (
        (("curl", "python3"), "CMD curl -fsS http://127.0.0.1:9000/health || exit 1"),
        (("wget",), "CMD wget -q -O /dev/null http://127.0.0.1:9000/health || exit 1"),
        (
            ("python",),
            "CMD python -c \"import urllib.request as u; u.urlopen('http://127.0.0.1:9000/health', timeout=4)",
        ),
        ((), "|| exit 1   (install curl: the image has nothing that could ask)"),
    ):
        (finding,) = flags(MissingHealthCheck, replace(PROCESS, has_health_check=False, clients=clients))
        assert words in finding.fixes[0].steps[0]


def test_ignores_a_process_with_a_check() -> None:
    """What it checks is its maker's business."""
    ignores(MissingHealthCheck, PROCESS)


def test_ignores_a_check_that_is_switched_off() -> None:
    """That was a decision."""
    ignores(MissingHealthCheck, replace(PROCESS, has_health_check=False, is_health_check_disabled=True))


def test_ignores_an_image_that_starts_nothing() -> None:
    """There is nothing whose health could be asked for."""
    ignores(MissingHealthCheck, replace(PROCESS, has_health_check=False, program=None))


def test_tells_no_port_that_nobody_knows() -> None:
    """An image that exposes none may be a batch job: what is to be written is told, and is no instruction to copy."""
    (finding,) = flags(
        MissingHealthCheck, replace(PROCESS, has_health_check=False, exposed_ports=(), clients=("curl",))
    )
    (step,) = finding.fixes[0].steps
    assert step == (
        "Where it serves HTTP, at its own port: `HEALTHCHECK --interval=30s --timeout=5s --start-period=300s "
        "CMD curl -fsS http://127.0.0.1:PORT/health || exit 1`"
    )
