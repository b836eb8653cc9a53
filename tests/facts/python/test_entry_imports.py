"""What the image's script imports is looked for where Python would look."""

import pytest

from layerscope.facts.python.entry_imports import EntryImportCollector, UnresolvedImports
from layerscope.image.config import RuntimeConfig
from support.contexts import collect, make_context
from support.python_files import distribution, interpreter
from support.tar_member import file

SCRIPT = b"import os\nimport numpy\nimport routes\nimport absent\n"


def find(*words: str, script: bytes = SCRIPT, workdir: str = "/app", metadata: str = "") -> tuple[str, ...]:
    """The names that are not found when the image runs these words."""
    layer = [file("app/main.py", script), file("app/routes/__init__.py")]
    packages = distribution("numpy", files={"numpy/__init__.py": b""}, metadata=metadata)
    runtime = RuntimeConfig(cmd=words, working_dir=workdir)
    context = make_context([*interpreter(), *packages], layer, runtime=runtime)
    found = collect(EntryImportCollector, context).of(UnresolvedImports)
    return found[0].names if found else ()


@pytest.mark.parametrize(
    "words",
    [("python", "main.py"), ("python3", "-u", "-X", "dev", "/app/main.py"), ("python", "-m", "main"), ("./main.py",)],
)
def test_tells_what_lies_nowhere(words: tuple[str, ...]) -> None:
    """Site directories, the script's folder and the standard library are looked at."""
    assert find(*words) == ("absent",)


@pytest.mark.parametrize("words", [("python", "-c", "import absent"), ("python",), ("serve", "main.py"), ()])
def test_tells_nothing_without_a_script(words: tuple[str, ...]) -> None:
    """Other programs import what they like."""
    assert find(*words) == ()


def test_tells_nothing_of_a_script_that_arranges_its_path() -> None:
    """It may find modules anywhere."""
    assert find("python", "main.py", script=b"import sys\nsys.path.append('x')\nimport absent\n") == ()
