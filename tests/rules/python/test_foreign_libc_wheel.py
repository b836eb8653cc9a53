"""PY008 foreign-libc-wheel: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.python.foreign_libc_wheel import ForeignLibcWheel
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import ENVIRONMENT, MODULES, WHEEL

ALPINE = replace(ENVIRONMENT, libc="musl")


def test_flags_a_wheel_for_glibc_on_musl() -> None:
    """Its modules are part of the same finding."""
    wheel = replace(WHEEL, tag="cp311-cp311-manylinux_2_28_x86_64", reason="libc")
    (finding,) = flags(ForeignLibcWheel, ALPINE, wheel, replace(MODULES, reason="libc"))
    assert finding.message == (
        "Python 3.11.9 in /opt/venv runs on musl, for which this was not compiled: acme 1.0 "
        "(cp311-cp311-manylinux_2_28_x86_64); put there by layer 2 (COPY --from=build /venv /opt/venv)"
    )


def test_ignores_a_wheel_for_another_python() -> None:
    """That is PY002's."""
    ignores(ForeignLibcWheel, ALPINE, WHEEL, MODULES)


def test_modules_that_the_process_will_not_find_are_critical() -> None:
    """Where the environment is the one in use, and their names tell."""
    module = replace(MODULES, reason="libc")
    assert flags(ForeignLibcWheel, ENVIRONMENT, module)[0].severity is Severity.CRITICAL
    assert flags(ForeignLibcWheel, replace(ENVIRONMENT, is_active=False), module)[0].severity is Severity.HIGH
    assert flags(ForeignLibcWheel, ENVIRONMENT, replace(WHEEL, reason="libc"))[0].severity is Severity.HIGH
