"""The action and the workflows of the README do on a runner's folders, engine and registry what they say."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from support.composite_action import ActionRun, run_action
from support.images import write_oci_layout
from support.live_engines import LiveEngine
from support.live_images import load
from support.live_registry import PASSWORD, USER, LiveRegistry, is_installed, serve_live_registry
from support.pushed_images import make_image
from support.report_checks import check_gitlab, check_junit, check_sarif

ROOT: Final = Path(__file__).parents[2]
SOUND: Final = "team/llm:action-1"
LEAKY: Final = "team/llm:action-2"
PROXIES: Final = {name: os.environ.get(name, "") for name in ("HTTP_PROXY", "HTTPS_PROXY")}
"""What leads to package indexes before tests are kept from the network."""


def read_workflow(start: str) -> dict[str, Any]:
    """The workflow of the README that begins with that line."""
    blocks = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (block,) = [each for each in blocks if each.startswith(start)]
    document: dict[str, Any] = yaml.safe_load(block)
    return document


@pytest.fixture
def workspace(docker_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of git with a Dockerfile, and an engine with the image that was built of it, and the one before."""
    for tag in (SOUND, LEAKY):
        load(docker_engine, make_image(tag, leaks=tag == LEAKY))
    for name, value in docker_engine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY layer-0 /\nCOPY layer-1 /\nUSER app\n")
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def run(workspace: Path, **inputs: str) -> ActionRun:
    """Run this repository's action, by this Python in the place of the one that it sets up."""
    used = {"steps.python.outputs.python-path": sys.executable}
    return run_action(ROOT / "action.yml", workspace, used=used, environment=os.environ | PROXIES, **inputs)


def has_index(folder: Path) -> bool:
    """Whether pip gets anything at all."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), "packaging"]
    return subprocess.run(command, env=os.environ | PROXIES, capture_output=True, check=False).returncode == 0


def test_the_action_installs_itself_and_audits_images_of_an_engine(workspace: Path, tmp_path: Path) -> None:
    """With what the workflow of the README gives it, then a second time in the same job with what is required alone."""
    if not has_index(tmp_path / "index"):
        pytest.skip("pip reaches no package index")
    steps = read_workflow("jobs:")["jobs"]["image"]["steps"]
    (given,) = [step["with"] for step in steps if step.get("uses", "").startswith("OWNER/layerscope")]
    inputs = {name.replace("-", "_"): value for name, value in given.items()}
    inputs |= {"image": f"docker:{LEAKY}", "compare_to": SOUND, "sarif_file": "reports/layerscope.sarif"}
    done = run(workspace, **inputs)
    assert (done.code, done.outputs["exit-code"]) == (1, "1"), done.printed
    assert "::error file=Dockerfile,line=3,endLine=3,title=CONF011 secret-in-layer (high)::" in done.printed
    assert "CONF011" in done.summary
    assert f"`docker.io/{SOUND}`" in done.summary
    check_sarif((workspace / done.outputs["sarif-file"]).read_text())
    done = run(workspace, image=SOUND)
    assert (done.code, done.outputs["exit-code"]) == (0, "0"), done.printed
    (upload,) = [step for step in steps if "upload-sarif" in step.get("uses", "")]
    check_sarif((workspace / upload["with"]["sarif_file"]).read_text())


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[LiveRegistry]:
    """A registry that asks for a password, as a project's on GitLab."""
    if not is_installed():
        pytest.skip("docker-registry, skopeo or openssl is not installed")
    folder = tmp_path / "registry"
    folder.mkdir()
    with serve_live_registry(folder, protected=True) as served:
        yield served


@pytest.mark.parametrize("leaks", [False, True])
def test_the_job_for_gitlab_writes_what_it_reads(registry: LiveRegistry, tmp_path: Path, *, leaks: bool) -> None:
    """By the variables that a job has, and with the exit code of the audit."""
    job = read_workflow("image-audit:")["image-audit"]
    layout = tmp_path / "layout"
    write_oci_layout(make_image("team/llm:1", leaks=leaks), layout)
    registry.push(layout, "team/llm:4f0c9a")
    program = tmp_path / "bin/layerscope"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m layerscope "$@"\n')
    program.chmod(0o755)
    variables = {
        "CI_REGISTRY_IMAGE": f"{registry.address}/team/llm",
        "CI_COMMIT_SHA": "4f0c9a",
        "CI_REGISTRY_USER": USER,
        "CI_REGISTRY_PASSWORD": PASSWORD,
        "LAYERSCOPE_CACHE_DIR": str(tmp_path / "cache"),
        "PATH": f"{program.parent}:{os.environ['PATH']}",
    }
    script = "\n".join(line for line in job["script"] if line != "pip install LAYERSCOPE")
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=tmp_path, env=os.environ | variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == int(leaks), done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    reports = job["artifacts"]["reports"]
    issues = check_gitlab((tmp_path / reports["codequality"]).read_text())
    assert any("CONF011" in str(each) for each in issues) is leaks
    check_junit((tmp_path / reports["junit"]).read_text())
    assert all((tmp_path / path).exists() for path in job["artifacts"]["paths"])
