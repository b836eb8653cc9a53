"""The GitHub action does what it says, by the scripts that are in it."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

ACTION: Final = Path(__file__).parents[2] / "action.yml"
DOCUMENT: Final[dict[str, Any]] = yaml.safe_load(ACTION.read_text())
STEPS: Final[list[dict[str, Any]]] = DOCUMENT["runs"]["steps"]
EXPRESSION: Final = re.compile(r"\$\{\{ *inputs\.([a-z-]+) *\}\}")

ImageWriter = Callable[[str, str], Path]


def run_audit(folder: Path, **inputs: str) -> tuple[int, str, str, str]:
    """Run the step that audits; returns its exit code, what it printed, its outputs, and the summary of the job."""
    program = folder / "layerscope/bin/layerscope"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m layerscope "$@"\n')
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
