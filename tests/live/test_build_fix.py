"""Images that engines' own builders make anew from an edited Dockerfile: proved, named, and run the same."""

import signal
import subprocess
import sys
from itertools import takewhile
from pathlib import Path
from typing import Final

import pytest

from layerscope.cli.main import run
from support.build_workshop import TEMPORARY, Workshop, fix
from support.live_engines import LiveEngine

WASTEFUL: Final = """
# the program
FROM base
RUN pip install numpy
COPY weights/ /models/
COPY . /context/
RUN mkdir -p /opt/sdk && head -c 3000000 /dev/zero > /opt/sdk/installer
RUN cp /opt/sdk/installer /srv/part
RUN {change} /models && rm -rf /opt/sdk
CMD ["sh", "-c", "find /context; stat -c '%a %u %g %s %n' /models/* /srv/*; sha256sum /models/* /srv/*"]
"""
PINNED: Final = """
FROM base
ENV A=1
RUN pip install numpy
COPY weights/ /models/
RUN echo starting && \\
    check /root/.cache/pip/http/body
CMD ["sh"]
"""
STALE: Final = """
FROM base AS lists
RUN mkdir -p /var/lib/apt/lists && echo list > /var/lib/apt/lists/list && od -N8 -x /dev/urandom > /lists && \\
    find /var/lib/apt -exec touch -d "${http_proxy:-2024-01-01 00:00}" {} +
FROM scratch AS made
COPY busybox /bin/busybox
RUN ["/bin/busybox", "sh", "-c", "/bin/busybox od -N8 -x /dev/urandom > /made"]
FROM lists
COPY --from=made /made /made
RUN mkdir -p /var/lib/dpkg/info && echo git > /var/lib/dpkg/info/git.list
CMD ["cat", "/lists", "/made"]
"""
"""Builders take no proxy for an input of a step: the first build has lists from long ago, and the next one new ones."""


def test_a_wasteful_build_is_fixed_and_runs_the_same(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """What was wasted is gone, every file but the cache is as it was, and the Dockerfile is written in the end."""
    tag, fixed = "layerscope/build-waste:1", "layerscope/build-waste:fixed"
    has_chmod = workshop.engine.name == "docker-26.1"  # of the three, only BuildKit is known to copy with a mode
    workshop.build(WASTEFUL.replace("{change}", "chmod -R 700" if has_chmod else "chown -R 1000:1000"), tag)
    text = (workshop.context / "Dockerfile").read_text()
    code, report, said = fix(workshop, monkeypatch, capfd, tag, fixed, "--reviewed", "--replace")
    assert code == 0, said
    assert {each["code"] for each in report["removed"]} >= {"LAY101", "LAY103", "LAY104"}
    assert report["added"] == report["objections"] == []
    sizes = report["sizes"]["content"]
    assert sizes["before"] - sizes["after"] > 3_000_000 + 2_559_000 + 2_000_000
    assert report["files"]["expected"]["/root"] == {"added": 0, "removed": 1, "changed": 0}
    assert set(report["files"]["expected"]) <= {"/root", "/models"}  # the folder itself gets no mode
    is_classic = workshop.engine.name == "docker-20.10"  # its client names the Dockerfile in the .dockerignore it sends
    assert report["files"]["paths"] == (["/context/.dockerignore"] if is_classic else [])
    assert report["shared_layers"][:3] == [0, 1, 2]
    assert workshop.run(tag) == workshop.run(fixed)
    assert "/context/pip\n" in workshop.run(fixed)
    assert "token" not in workshop.run(fixed)
    assert (workshop.context / "Dockerfile").read_text() == text
    code, _, said = fix(workshop, monkeypatch, capfd, tag, fixed, "--only", "LAY104", "--write", "--replace")
    assert code == 0, said
    assert (workshop.context / "Dockerfile").read_text() == text.replace(
        "install numpy", "install --no-cache-dir numpy"
    )
    code, report, said = fix(workshop, monkeypatch, capfd, fixed, fixed, "--replace")
    assert code == 0, said
    assert report["result"] is None
    assert "nothing to build" in report["reason"]


def test_what_was_written_before_is_built_and_proved(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """No edit is left, and the image is older than its Dockerfile."""
    tag, fixed = "layerscope/build-written:1", "layerscope/build-written:fixed"
    workshop.build(WASTEFUL.replace("{change}", "chown -R 1000:1000"), tag)
    for name, value in workshop.environment.items():
        monkeypatch.setenv(name, value)
    path = workshop.context / "Dockerfile"
    write = ["fix", f"{workshop.scheme}:{tag}", "--file", str(path), "--write", "--reviewed"]
    assert run([*write, "--only", "LAY103", "--only", "LAY104"]) == 1
    text = path.read_text()
    assert "--no-cache-dir" in text
    assert "chown -R" not in text
    chosen = ("--only", "LAY103", "--only", "LAY104", "--replace")
    code, report, said = fix(workshop, monkeypatch, capfd, tag, fixed, *chosen)
    assert code == 0, said
    assert {each["code"] for each in report["removed"]} >= {"LAY103", "LAY104"}
    assert report["build"]["edits"] == report["objections"] == []
    assert path.read_text() == text


def test_a_step_that_fails_is_told_by_line_and_explained(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It works with a cache alone, which is why somebody has to review the edit; nothing gets the name."""
    tag, fixed = "layerscope/build-break:1", "layerscope/build-break:fixed"
    workshop.build(PINNED, tag)
    code, report, said = fix(workshop, monkeypatch, capfd, tag, fixed, "--reviewed", "--quiet")
    assert code == 1
    failure = report["failure"]
    assert (failure["line"], failure["instruction"][:19]) == (10, "RUN echo starting &")
    assert "ModuleNotFoundError: No module named 'numpy'" in failure["output"]
    assert [cause["id"] for cause in failure["causes"]] == ["no-module"]
    assert [edit["code"] for edit in failure["edits_above"]] == ["LAY104"]
    assert "Not built: line 10 failed" in said
    assert "ModuleNotFoundError" in said
    assert not any(name.endswith("build-break:fixed") for name in workshop.list_names())


def test_a_finding_that_stays_keeps_the_old_image(
    classic_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A pip that does not heed its option leaves the cache all the same."""
    workshop, tag = Workshop(classic_engine, tmp_path), "layerscope/build-stays:1"
    workshop.build(PINNED, tag, kept="nothing")
    before = classic_engine.client.images.get(tag).id
    code, report, _ = fix(workshop, monkeypatch, capfd, tag, tag, "--reviewed", "--replace")
    assert code == 1
    assert report["result"]["written"] is False
    assert report["objections"][0].startswith("LAY104 is still there: ")
    assert classic_engine.client.images.get(tag).id == before


def test_a_name_that_is_taken_is_refused_before_the_build(
    classic_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2."""
    workshop, tag = Workshop(classic_engine, tmp_path), "layerscope/build-taken:1"
    workshop.build(PINNED, tag)
    code, report, said = fix(workshop, monkeypatch, capfd, tag, tag)
    assert (code, report) == (2, None)
    assert "the engine has such an image; choose another name, or --replace" in said
    assert "Step 1" not in said


def test_the_stale_stage_alone_is_made_anew(
    buildx_engine: LiveEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """By --no-cache-filter with its name; what the other stage made is as it was."""
    workshop, tag, fixed = Workshop(buildx_engine, tmp_path), "layerscope/build-stale:1", "layerscope/build-stale:2"
    workshop.build(STALE, tag, "--no-cache")  # an engine may have what an earlier run of this test made
    new = "--build-option=--build-arg=http_proxy=2037-01-01 00:00"
    code, report, said = fix(
        workshop, monkeypatch, capfd, tag, fixed, "--only", "LAY202", "--reviewed", "--replace", new
    )
    assert code == 0, said
    assert report["build"]["flags"] == ["--no-cache-filter", "lists"]
    assert [each["code"] for each in report["removed"]] == ["LAY202"]
    (lists, made), (other_lists, other_made) = (workshop.run(name).split("0000010\n")[:2] for name in (tag, fixed))
    assert lists != other_lists
    assert made == other_made


def test_ctrl_c_stops_the_build_and_leaves_nothing(classic_engine: LiveEngine, tmp_path: Path) -> None:
    """Neither an image nor a container nor a folder."""
    workshop, tag, fixed = Workshop(classic_engine, tmp_path), "layerscope/build-long:1", "layerscope/build-long:fixed"
    workshop.build(PINNED, tag, then="sleep 60")
    (tmp_path / "temporary").mkdir()
    containers = {each.id for each in classic_engine.client.containers.list(all=True)}
    command = [sys.executable, "-m", "layerscope", *workshop.write_arguments(tag, fixed, "--reviewed")]
    environment = {**workshop.environment, "TMPDIR": str(tmp_path / "temporary")}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said = list(takewhile(lambda line: not line.startswith("ModuleNotFoundError"), process.stderr))
        process.send_signal(signal.SIGINT)
        said += process.stderr.readlines()
    assert process.returncode == 130, said
    assert said[-1] == "layerscope: interrupted\n"
    assert list((tmp_path / "temporary").iterdir()) == []
    assert not any(TEMPORARY in name or name == fixed for name in workshop.list_names())
    assert {each.id for each in classic_engine.client.containers.list(all=True)} <= containers
