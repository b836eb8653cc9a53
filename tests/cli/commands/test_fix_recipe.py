"""`layerscope fix --recipe`: one text on standard output, all three in JSON, and times from a probe's log."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.probe.confinement import HARDENED
from layerscope.probe.emit import emit_docker
from layerscope.probe.serving_spec import ServingSpec
from layerscope.probe.spec import ProbeSpec
from support.images import write_oci_layout
from support.recipe_checks import read_compose, read_kubernetes, run_script
from support.serving_image import build_serving_image
from support.stub_runs import find_free_port, run_emitted

Answer = Callable[..., tuple[int, bytes, str]]
STUB: Final = Path(__file__).parents[2] / "support/stub_server.py"
NONCE: Final = "0123456789abcdef"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """An image that serves a model."""
    write_oci_layout(build_serving_image(), tmp_path / "layout")
    return tmp_path / "layout"


def test_each_form_is_printed_alone(answer: Answer, image: Path, tmp_path: Path) -> None:
    """So that it can be sent to a file; the plan is not, and the exit code is 0."""
    code, out, _ = answer("fix", image, "--recipe", "docker")
    assert code == 0
    assert run_script(out.decode(), tmp_path)[-1] == "given:1"
    code, out, _ = answer("fix", image, "--recipe", "compose")
    assert code == 0
    assert read_compose(out.decode(), tmp_path)["ports"] == ["8000:8000"]
    code, out, _ = answer("fix", image, "--recipe", "kubernetes")
    assert code == 0
    assert read_kubernetes(out.decode())["containers"][0]["image"] == "IMAGE"


def test_json_has_all_three_and_every_reason(document: Callable[..., Any], image: Path) -> None:
    """Whichever was asked for."""
    recipe = document("fix", image, "--recipe", "docker")["recipe"]
    assert set(recipe["texts"]) == {"docker", "compose", "kubernetes"}
    assert read_kubernetes(recipe["texts"]["kubernetes"])["containers"]
    shm = next(each for each in recipe["settings"] if each["subject"] == "shared memory")
    assert shm["docker"] == [["--shm-size", "2g"]]
    assert shm["compose"] == {"shm_size": "2gb"}
    assert shm["kubernetes"]["pod"]["volumes"][0]["emptyDir"] == {"medium": "Memory", "sizeLimit": "2Gi"}
    assert shm["source"] == {"kind": "finding", "name": "CONF013", "layer": None, "path": None}
    assert all(each["reason"] for each in (*recipe["settings"], *recipe["left_out"]))


def test_markdown_holds_the_text_in_a_fence(answer: Answer, image: Path) -> None:
    """For a merge request."""
    _, out, _ = answer("fix", image, "--recipe", "compose", "-o", "markdown")
    assert "```yaml\n# Runs the image with what it needs." in out.decode()


def test_a_damaged_image_is_exit_code_4(answer: Answer, fixture_image: Callable[[str, str], Path]) -> None:
    """Its recipe is told all the same."""
    code, out, _ = answer("fix", fixture_image("damaged", "oci-dir"), "--recipe", "docker")
    assert (code, out[:9]) == (4, b"#!/bin/sh")


def test_the_log_of_a_probe_gives_the_times(answer: Answer, image: Path, tmp_path: Path) -> None:
    """Of a real server, which took some time to load; that the log is of another image is said."""
    argv = (sys.executable, str(STUB), "--port", str(port := find_free_port()))
    serving = ServingSpec(name="stub", argv=argv, port=port, health=("/health",), dialect="openai", is_certain=True)
    spec = ProbeSpec(sys.executable, roles=("serving",), serving=serving, about="other:1")
    log = tmp_path / "probe.log"
    log.write_bytes(run_emitted(emit_docker("other:1", spec, HARDENED, NONCE, gpus=False), tmp_path))
    code, out, err = answer("fix", image, "--recipe", "kubernetes", "--read", log)
    assert code == 0
    assert "probe.log is the log of a probe of other:1" in err
    (container,) = read_kubernetes(out.decode())["containers"]
    assert container["startupProbe"] == {
        "httpGet": {"path": "/health", "port": 8000}, "periodSeconds": 10, "failureThreshold": 3,
    }  # fmt: skip
    assert "# start: measured: it listened after " in out.decode()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--probe"], "expected --recipe or --apply with it"),
        (["--read", "x"], "expected --recipe with them"),
        (["--memory", "1g"], "expected --probe beside them"),
        (["--apply", "--layers", "--to", "oci-dir:new", "--probe"], "an engine that can run it"),
        (["--apply", "--layers", "--to", "oci-dir:new", "--read", "x"], "expected --recipe with them"),
        (["--recipe", "docker", "--probe", "--read", "x"], "expected one of them"),
        (["--recipe", "docker", "--memory", "1g"], "expected --probe beside them"),
        (["--recipe", "docker", "--read", "nope"], "--read: reading nope: No such file or directory; expected the log"),
        (["--recipe", "docker", "--read", "."], "--read: reading .: Is a directory"),
        (["--recipe", "docker", "--nonce", "x"], "expected it with --read"),
        (["--recipe", "docker", "--reconstruct"], "no Dockerfile"),
        (["--recipe", "docker", "--apply", "--layers", "--to", "oci-dir:new"], "expected no --apply"),
        (["--recipe", "docker", "--only", "CONF013"], "no choice of fixes"),
        (["--recipe", "docker", "--safe"], "no choice of fixes"),
        (["--recipe", "docker", "--reviewed"], "no choice of fixes or changes"),
        (["--recipe", "docker", "--to", "x"], "no choice of fixes or changes"),
    ],
)
def test_options_that_contradict_each_other_are_a_usage_error(
    options: list[str], told: str, answer: Answer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before anything is read."""
    monkeypatch.chdir(tmp_path)
    code, _, err = answer("fix", "there-is-no-such-image", *options)
    assert code == 2
    assert told in err


def test_a_log_that_is_not_there_is_wrong_use(answer: Answer, image: Path, tmp_path: Path) -> None:
    """No probe was asked for that could not run."""
    code, _, err = answer("fix", image, "--recipe", "docker", "--read", tmp_path / "none")
    expected = f"--read: reading {tmp_path}/none: No such file or directory; expected the log of a probe"
    assert (code, err) == (2, f"layerscope: error: {expected}\n")
