"""Requirements are judged as `pip check` judges them, for the image's own Python."""

from layerscope.facts.python.requirements import RequirementCollector, Requirements
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.python_files import SITE, distribution, interpreter, virtual_environment
from support.tar_member import TarMember


def judge(*layers: list[TarMember], runtime: RuntimeConfig | None = None) -> dict[str, Requirements]:
    """The facts of these layers above an interpreter, by name."""
    context = make_context(interpreter(), *layers, runtime=runtime)
    return {fact.key: fact for fact in collect(RequirementCollector, context).of(Requirements)}


def requires(*lines: str) -> str:
    """Requires-Dist headers."""
    return "\n".join(f"Requires-Dist: {line}" for line in lines)


def test_tells_met_missing_and_wrong() -> None:
    """Names are compared as indexes do, pre-releases count."""
    needs = requires("Other.Dist>=2", "numpy<2", "absent", "old")
    found = judge(
        [*distribution("acme", metadata=needs), *distribution("other-dist", "3.0rc1")],
        [*distribution("numpy", "2.1"), *distribution("old", "not.a.version")],
    )["acme"]
    assert found.met == 2
    assert [(each.text, each.found) for each in found.unmet] == [("numpy<2", "2.1"), ("absent", "")]
    assert found.unmet[0].found_place is not None
    assert found.unmet[0].found_place.layer == 2


def test_judges_markers_for_the_image() -> None:
    """Not for the machine that audits."""
    needs = requires(
        'a; sys_platform == "win32"',
        'b; python_version < "3.8"',
        'c; platform_machine == "aarch64"',
        'd; extra == "gpu"',
        'e; implementation_name == "pypy"',
        "f; no such thing",
        'g; platform_system == "Linux" and python_version >= "3.11"',
    )
    found = judge(distribution("acme", metadata=needs))["acme"]
    assert [each.key for each in found.unmet] == ["g"]


def test_keeps_the_extras_in_what_it_tells() -> None:
    """They have to be installed too."""
    found = judge(distribution("acme", metadata=requires("zz[foo,bar]>=1")))["acme"]
    assert found.unmet[0].text == "zz[bar,foo]>=1"


def test_follows_the_extras_that_are_asked_for() -> None:
    """The requirement is that of the distribution that has the extra."""
    found = judge(
        distribution("app", metadata=requires("kit[cublas]==1.0")),
        distribution("kit", metadata=requires('cublas==13.*; extra == "cublas"', 'nvrtc; extra == "nvrtc"', "six")),
    )
    assert found["app"].met == 1
    assert [(each.key, each.extra) for each in found["kit"].unmet] == [("six", ""), ("cublas", "cublas")]


def test_names_a_stand_in() -> None:
    """The same package under another name is there."""
    found = judge(
        distribution("acme", metadata=requires("opencv-python")), distribution("opencv-python-headless", "4.9")
    )
    assert found["acme"].unmet[0].stand_in == "opencv-python-headless 4.9"


def test_each_environment_is_judged_by_what_it_sees() -> None:
    """A virtual environment does not see the interpreter's own, unless it says so."""
    app = distribution("app", metadata=requires("lib"), site="opt/venv/lib/python3.11/site-packages")
    lib = distribution("lib", site=SITE)
    assert judge([*virtual_environment(), *app], lib)["app"].unmet
    assert not judge([*virtual_environment(sees_system=True), *app], lib)["app"].unmet


def test_brackets_without_end_are_no_requirement() -> None:
    """The parser recurses, and is brought to its end."""
    brackets = "a; " + "(" * 900 + 'os_name == "posix"' + ")" * 900
    found = judge(distribution("acme", metadata=requires(brackets, "absent")))["acme"]
    assert "absent" in [each.key for each in found.unmet]
