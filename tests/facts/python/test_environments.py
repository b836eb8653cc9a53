"""Environments are told with the directories that they search."""

import pytest

from layerscope.facts.python.environments import PythonEnvironment, PythonEnvironmentCollector
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.python_files import SITE, distribution, interpreter, virtual_environment
from support.tar_member import TarMember, directory, file

VENV = "opt/venv/lib/python3.11/site-packages"


def find(*layers: list[TarMember], runtime: RuntimeConfig | None = None) -> dict[str, PythonEnvironment]:
    """The environments of these layers by place."""
    context = make_context(*layers, runtime=runtime)
    return {each.place: each for each in collect(PythonEnvironmentCollector, context).of(PythonEnvironment)}


def test_an_interpreter_has_one_of_its_own() -> None:
    """Without any words in the config, the one on the default PATH is in use."""
    (found,) = find(interpreter()).values()
    assert (found.kind, found.sites, found.libc, found.machine, found.is_active) == (
        "system",
        (SITE,),
        "glibc",
        "x86_64",
        True,
    )


def test_debian_has_directories_of_its_own() -> None:
    """What apt installs belongs to the Python that `python3` is; another one merely sees it."""
    layer = [
        *interpreter("usr"),
        *interpreter("usr", "3.12")[:1],
        file("usr/lib/python3.12/os.py"),
        directory("usr/local/lib/python3.11/dist-packages"),
        directory("usr/local/lib/python3.12/dist-packages"),
        directory("usr/lib/python3/dist-packages"),
    ]
    found = find(layer)
    assert found["usr/bin/python3.11"].sites == (
        "usr/local/lib/python3.11/dist-packages",
        "usr/lib/python3/dist-packages",
    )
    assert found["usr/bin/python3.12"].sites == ("usr/local/lib/python3.12/dist-packages",)
    assert found["usr/bin/python3.12"].borrowed == ("usr/lib/python3/dist-packages",)


def test_a_virtual_environment_stands_on_its_interpreter() -> None:
    """It borrows that one's directories only where it says so; the PATH puts it into use."""
    runtime = RuntimeConfig(env=("PATH=/opt/venv/bin:/usr/local/bin",))
    found = find(interpreter(), virtual_environment(), runtime=runtime)
    venv = found["opt/venv"]
    assert (venv.kind, venv.interpreter, venv.version) == ("virtual", "usr/local/bin/python3.11", "3.11.9")
    assert (venv.sites, venv.borrowed, venv.is_active) == ((VENV,), (), True)
    assert not found["usr/local/bin/python3.11"].is_active
    assert find(interpreter(), virtual_environment(sees_system=True))["opt/venv"].borrowed == (SITE,)


@pytest.mark.parametrize(
    "words",
    [("/opt/venv/bin/python", "app.py"), ("/opt/venv/bin/serve",), ("/bin/sh", "-c", "exec /opt/venv/bin/python x")],
    ids=["interpreter", "script", "shell"],
)
def test_the_command_says_which_is_in_use(words: tuple[str, ...]) -> None:
    """By the interpreter itself, a script's first line, or what a shell starts."""
    serve = file("opt/venv/bin/serve", b"#!/opt/venv/bin/python\n", mode=0o755)
    found = find(interpreter(), [*virtual_environment(), serve], runtime=RuntimeConfig(cmd=words))
    assert [place for place, each in found.items() if each.is_active] == ["opt/venv"]


def test_path_files_and_variables_add_directories() -> None:
    """PYTHONPATH stands in front; what is not there is left out."""
    runtime = RuntimeConfig(env=("PYTHONPATH=/app/deps:/none",))
    layer = [*interpreter(), file(f"{SITE}/x.pth", b"/src/acme\n../more\n/none\nimport os\n"), directory("src/acme")]
    layer += [directory("app/deps"), directory("usr/local/lib/python3.11/more")]
    (found,) = find(layer, runtime=runtime).values()
    assert found.sites == ("app/deps", SITE, "src/acme", "usr/local/lib/python3.11/more")


def test_the_directory_of_a_user_counts() -> None:
    """It stands before the interpreter's own."""
    site = "root/.local/lib/python3.11/site-packages"
    (found,) = find(interpreter(), distribution("acme", site=site)).values()
    assert found.sites == (site, SITE)


def test_directories_of_a_python_that_is_not_there_are_orphans() -> None:
    """Those inside a package are none."""
    site = "usr/local/lib/python3.10/site-packages"
    found = find(interpreter(), distribution("acme", site=site), [directory(f"{SITE}/pip/x/site-packages")])
    assert [(each.kind, each.series) for each in found.values()] == [("system", "3.11"), ("orphaned", "3.10")]


def test_conda_is_told() -> None:
    """By its folder of records."""
    found = find([*interpreter("opt/conda", "3.12"), file("opt/conda/conda-meta/python-3.12.4-h1.json", b"{}")])
    assert [(each.kind, each.version) for each in found.values()] == [("conda", "3.12.4")]


def test_a_python_that_the_system_keeps_for_itself_is_marked() -> None:
    """Pip wants leave to install there; a virtual environment is open."""
    layer = [*interpreter(), file("usr/local/lib/python3.11/EXTERNALLY-MANAGED"), *virtual_environment()]
    assert {place: each.is_managed for place, each in find(layer).items()} == {
        "usr/local/bin/python3.11": True,
        "opt/venv": False,
    }
