"""The payload as one file: whole, alone, and readable by old Pythons."""

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

from layerscope.probe.payload_text import PARTS, read_part, render_payload

FOLDER = Path(__file__).parents[2] / "src/layerscope/probe/payload"


def iter_names(tree: ast.Module) -> "list[str]":
    """Every name that a module defines at its top."""
    found: list[str] = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.append(node.name)
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        found += [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
    return found


def test_every_part_is_in_the_payload() -> None:
    """A part that nobody joins would run in no image."""
    assert {path.stem for path in FOLDER.glob("*.py")} - {"__init__"} == set(PARTS)


def test_no_name_is_defined_twice() -> None:
    """Parts share one namespace once they are joined."""
    twice = [name for name, count in Counter(iter_names(ast.parse(render_payload()))).items() if count > 1]
    assert twice == ["_stream"] or not twice


def test_a_part_needs_only_those_before_it() -> None:
    """Names of later parts are not there yet when a part is read."""
    for place, part in enumerate(PARTS):
        for node in ast.walk(ast.parse(read_part(part))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("layerscope"):
                assert (node.module or "").rpartition(".")[2] in PARTS[:place], part


def test_the_payload_imports_the_standard_library_alone() -> None:
    """Nothing else is in every image; the framework of the image is imported by name, at its stage."""
    found = set()
    for node in ast.walk(ast.parse(render_payload())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    assert found - set(sys.stdlib_module_names) == {"tokenizers", "torch", "transformers"}


def test_the_payload_reads_under_python_3_6() -> None:
    """Vermin finds no syntax and no module that Python 3.6 lacks."""
    done = subprocess.run(
        [Path(sys.executable).with_name("vermin"), "-t=3.6-", "--no-tips", *map(str, sorted(FOLDER.glob("*.py")))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Minimum required versions: 3.6" in done.stdout, done.stdout + done.stderr
    assert done.returncode == 0


def test_the_payload_loads_no_library_of_its_own_accord() -> None:
    """What it held already, the packages that are probed would not look for, and one that is broken would end it."""
    code = "import sys; exec(compile(sys.stdin.read(), 'x', 'exec'), {'__name__': 'x'}); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], input=render_payload(), capture_output=True, text=True, check=True
    )
    compiled = {"zlib", "bz2", "lzma", "ssl", "ctypes", "hashlib", "tempfile", "shutil"}
    late = {"logging", "socket", "subprocess", "selectors", "threading", "traceback", "platform", "locale", "difflib"}
    assert not (compiled | late) & set(done.stdout.split())


def test_the_payload_is_its_parts_without_docstrings_and_own_imports() -> None:
    """What is cut out as text is what a parser would cut out, and nothing else."""
    wanted: list[str] = []
    for name in PARTS:
        docstring, *statements = ast.parse(read_part(name)).body
        assert isinstance(docstring, ast.Expr), name
        wanted += [ast.dump(each) for each in statements if not is_own_import(each)]
    joined = [ast.dump(each) for each in ast.parse(render_payload()).body]
    assert joined[1:-1] == wanted


def is_own_import(node: ast.stmt) -> bool:
    """Whether it imports from another part."""
    return isinstance(node, ast.ImportFrom) and (node.module or "").startswith("layerscope")
