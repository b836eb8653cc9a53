"""The GitHub action does what it says, by the scripts that are in it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import tomli
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[2]
ACTION: Final = ROOT / "action.yml"
DOCUMENT: Final[dict[str, Any]] = yaml.safe_load(ACTION.read_text())
STEPS: Final[list[dict[str, Any]]] = DOCUMENT["runs"]["steps"]
EXPRESSION: Final = re.compile(r"\$\{\{ *inputs\.([a-z-]+) *\}\}")

ImageWriter = Callable[[str, str], Path]


PROGRAM: Final = f'#!/bin/sh\nexec {sys.executable} -m layerscope "$@"\n'


def run_audit(folder: Path, script: str = PROGRAM, /, **inputs: str) -> tuple[int, str, str, str]:
    """Run the step that audits; returns its exit code, what it printed, its outputs, and the summary of the job."""
    program = folder / "layerscope/bin/layerscope"
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(script)
    program.chmod(0o755)
    given = {name: each.get("default", "") for name, each in DOCUMENT["inputs"].items()}
    given |= {name.replace("_", "-"): value for name, value in inputs.items()}
    (step,) = [each for each in STEPS if each.get("id") == "audit"]
    variables = {name: given[EXPRESSION.fullmatch(text)[1]] for name, text in step["env"].items()}  # type: ignore[index]
    output, summary = folder / "output", folder / "summary"
    variables |= {
        "GITHUB_OUTPUT": str(output),
        "GITHUB_STEP_SUMMARY": str(summary),
        "RUNNER_TEMP": str(folder),
        "LAYERSCOPE_CACHE_DIR": str(folder / "cache"),
    }
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True, check=False)
    texts = (path.read_text() if path.exists() else "" for path in (output, summary))
    return done.returncode, done.stdout, *texts  # type: ignore[return-value]


def test_findings_are_annotations_a_summary_and_a_file(fixture_image: ImageWriter, tmp_path: Path) -> None:
    """The job fails by the audit's own code."""
    code, printed, output, summary = run_audit(tmp_path, image=str(fixture_image("demo", "oci-dir")))
    assert (code, output) == (1, "exit-code=1\n")
    assert "::error" in printed
    assert "CONF006" in summary
    assert (tmp_path / "layerscope.sarif").exists()


def test_a_release_is_compared_with_the_one_before(fixture_image: ImageWriter, tmp_path: Path) -> None:
    """What changed stands in the summary, and does not fail the job by itself."""
    old, new = (str(fixture_image(name, "oci-dir")) for name in ("release-old", "release-new"))
    code, _, _, summary = run_audit(tmp_path, image=new, compare_to=old, fail_on="never", gpus="V100\nH100\n")
    assert code == 0
    assert "V100 is dropped" in summary
    assert "T4" not in summary


def test_a_second_use_in_a_job_tells_nothing_of_the_first(fixture_image: ImageWriter, tmp_path: Path) -> None:
    """What could not be audited has no file and no summary of another image."""
    run_audit(tmp_path, image=str(fixture_image("demo", "oci-dir")))
    (tmp_path / "summary").unlink()
    code, _, _, summary = run_audit(tmp_path, image="oci-dir:nowhere")
    assert (code, "CONF006" in summary, (tmp_path / "layerscope.sarif").exists()) == (3, False, False)


def test_what_could_not_be_audited_is_an_annotation_and_in_the_summary(tmp_path: Path) -> None:
    """In one line, whatever is in the name of the image."""
    code, printed, output, summary = run_audit(
        tmp_path, image="oci-dir:no\n::warning::where %0A\n# x", compare_to="a:1"
    )
    assert (code, output.count("exit-code=3\n")) == (3, 1)
    (line,) = printed.splitlines()
    assert line.startswith("::error title=layerscope could not audit the image::layerscope: error: ")
    assert "%250A" in line
    assert "layerscope could not audit the image:\n\n    layerscope: error: " in summary
    assert not [each for each in summary.splitlines() if each.startswith(("#", "::"))]


def test_what_could_not_be_compared_decides_the_exit_code(fixture_image: ImageWriter, tmp_path: Path) -> None:
    """That of the output is that of the step, and the audit's report stands in the summary."""
    image = str(fixture_image("demo", "oci-dir"))
    code, printed, output, summary = run_audit(tmp_path, image=image, compare_to="oci-dir:nowhere")
    assert (code, output) == (3, "exit-code=3\n")
    assert "::error title=layerscope could not compare the images::layerscope: error: " in printed
    assert "CONF006" in summary
    assert "layerscope could not compare the images:\n" in summary


LONG: Final = """\
#!/bin/sh
for each; do
    case "$each" in markdown=*) head -c 600000 /dev/zero | tr '\\0' "$1" > "${each#markdown=}" ;; esac
done
"""
"""A program whose every document has 600,000 times the first letter of its command."""


def test_a_summary_is_no_longer_than_github_takes(tmp_path: Path) -> None:
    """A comparison that does not fit beside the report is left out, and that is told."""
    code, _, _, summary = run_audit(tmp_path, LONG, image="a:1", compare_to="a:0")
    assert (code, len(summary) < 1_000_000) == (0, True)
    assert summary.startswith("a" * 600_000)
    assert summary.endswith("What changed is too long to stand here: layerscope diff tells it.\n")


@pytest.mark.parametrize("image", ["--help", "$(touch stolen)", "a;touch stolen", "no/such/image:1"])
def test_inputs_are_text_alone(image: str, tmp_path: Path) -> None:
    """Whatever an image is called, it is one word for the program, and no option."""
    code, *_ = run_audit(tmp_path, image=image)
    assert code in {2, 3}
    assert not (tmp_path / "stolen").exists()


def test_what_it_uses_is_pinned_and_no_input_is_part_of_a_script() -> None:
    """Actions by their commits; inputs by the environment."""
    uses = [step["uses"] for step in STEPS if "uses" in step]
    assert uses
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each) for each in uses)
    assert not [step for step in STEPS if "${{" in step.get("run", "")]


def test_the_workflow_in_the_readme_pins_what_it_uses() -> None:
    """As it says, by commits."""
    uses = re.findall(r"uses: (\S+)", (ROOT / "README.md").read_text())
    assert {each.partition("@")[0] for each in uses} >= {"actions/checkout", "OWNER/layerscope"}
    assert all(re.fullmatch(r"[\w./-]+@([0-9a-f]{40}|COMMIT)", each) for each in uses)


def test_the_python_of_the_job_stays_its_own() -> None:
    """What the action sets up is taken by its path, and put into no environment of later steps."""
    (python,) = [step for step in STEPS if "setup-python" in step.get("uses", "")]
    assert python["with"]["update-environment"] is False
    (install,) = [step for step in STEPS if step.get("name") == "Install layerscope"]
    assert install["env"]["PYTHON"] == f"${{{{ steps.{python['id']}.outputs.python-path }}}}"
    assert install["run"].startswith('"$PYTHON" -m venv ')


def test_what_it_installs_is_pinned_by_hash() -> None:
    """All that layerscope and its build need, in versions that they take; `make pins` writes it."""
    blocks = re.split(r"\n(?=\w)", (ROOT / ".github/action-requirements.txt").read_text())
    pinned = {}
    for block in blocks:
        if found := re.match(r"([\w.-]+)==([\w.]+)", block):
            assert "--hash=sha256:" in block
            pinned[canonicalize_name(found[1])] = found[2]
    project = tomli.loads((ROOT / "pyproject.toml").read_text())
    for each in map(Requirement, [*project["project"]["dependencies"], *project["build-system"]["requires"]]):
        assert each.specifier.contains(pinned[canonicalize_name(each.name)]), each
