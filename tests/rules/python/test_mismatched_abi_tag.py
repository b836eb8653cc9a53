"""PY002 mismatched-abi-tag: what it flags and what it lets pass."""

from msgspec.structs import replace

from layerscope.rules.python.mismatched_abi_tag import MismatchedAbiTag
from layerscope.rules.severity import Severity
from support.cases import flags, ignores
from support.python_facts import ENVIRONMENT, MODULES, WHEEL


def test_flags_a_wheel_of_another_python_in_use() -> None:
    """Tags and modules agree: nothing of it can be imported."""
    (finding,) = flags(MismatchedAbiTag, ENVIRONMENT, WHEEL, MODULES)
    assert finding.message == (
        "Python 3.11.9 in /opt/venv cannot use acme 1.0 (cpython-310-x86_64-linux-gnu): compiled for another Python or "
        "machine; put there by layer 2 (COPY --from=build /venv /opt/venv); 2 extension modules not found, "
        "whose suffix should be .cpython-311-x86_64-linux-gnu.so; import acme fails"
    )
    assert finding.severity is Severity.CRITICAL
    assert finding.brief == "import acme fails"
    assert finding.fixes[0].steps[0] == (
        "RUN /opt/venv/bin/python -m pip install --force-reinstall --no-deps acme==1.0"
    )


def test_an_environment_that_is_not_in_use_is_a_smaller_matter() -> None:
    """Something may use it all the same."""
    (finding,) = flags(MismatchedAbiTag, replace(ENVIRONMENT, is_active=False), WHEEL, MODULES)
    assert finding.severity is Severity.HIGH


def test_modules_alone_are_high_and_tags_alone_medium() -> None:
    """A tag may be wrong where the modules fit."""
    (modules,) = flags(MismatchedAbiTag, ENVIRONMENT, replace(MODULES, distribution=""))
    (tags,) = flags(MismatchedAbiTag, ENVIRONMENT, WHEEL)
    assert (modules.severity, tags.severity) == (Severity.HIGH, Severity.MEDIUM)


def test_each_layer_is_told_on_its_own() -> None:
    """Each has its own step to blame."""
    assert len(flags(MismatchedAbiTag, ENVIRONMENT, WHEEL, replace(WHEEL, name="other", layer=5))) == 2


def test_ignores_threading_and_c_library() -> None:
    """They are rules of their own."""
    ignores(MismatchedAbiTag, ENVIRONMENT, replace(WHEEL, reason="libc"), replace(MODULES, reason="threading"))


def test_what_goes_on_in_python_is_no_end() -> None:
    """Its compiled part is lost; of several, the one that fails counts."""
    wheel = replace(WHEEL, name="PyYAML", version="6.0")
    module = replace(MODULES, package="yaml", distribution="PyYAML 6.0")
    (finding,) = flags(MismatchedAbiTag, ENVIRONMENT, wheel, module)
    assert finding.message.startswith("Python 3.11.9 in /opt/venv cannot use the compiled part of PyYAML 6.0 (cpython-")
    assert finding.severity is Severity.HIGH
    (finding,) = flags(MismatchedAbiTag, ENVIRONMENT, wheel, module, WHEEL, MODULES)
    assert finding.message.endswith("; import acme fails; PyYAML 6.0 goes on without the compiled part")
    assert finding.severity is Severity.CRITICAL
