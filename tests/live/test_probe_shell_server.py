"""Probes of images without Python that serve a model: started by their own command, asked through the engine."""

from pathlib import Path

import pytest

from layerscope.cli import exit_codes
from support.live_engines import LiveEngine
from support.live_images import load
from support.live_probe import list_left, probe
from support.shell_image import build_shell_server

ASKED = ("listen", "health", "models", "chat-16", "chat-512", "completion", "stream", "request-log")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One layer cache for all of these images."""
    return tmp_path_factory.mktemp("cache")


def test_a_server_in_an_image_without_python_generates(engine: LiveEngine, cache: Path) -> None:
    """Locked down and without any network; what the image has of programs makes the connections."""
    load(engine, build_shell_server("layerscope/shell:sound"))
    code, document, talk = probe(engine, "layerscope/shell:sound", cache)
    assert code == exit_codes.CLEAN, (document, talk)
    statuses = {stage["name"]: stage["status"] for stage in document["stages"]}
    assert {name: statuses[name] for name in ("env", *ASKED)} == dict.fromkeys(("env", *ASKED), "passed")
    assert document["verdict"]["outcome"] == "generated"
    assert document["verdict"]["device"] == "the CPU"
    assert document["server"]["model"] == "small"
    isolation = document["observations"]["env"]["isolation"]
    assert (isolation["read_only_root"], int(isolation["capabilities"], 16)) == (True, 0)
    assert not list_left(engine)


def test_bash_makes_connections_where_there_is_one(docker_engine: LiveEngine, cache: Path) -> None:
    """And a port that nobody expected is found in the container's own network."""
    load(docker_engine, build_shell_server("layerscope/shell:bash", port=9123, has_bash=True))
    code, document, talk = probe(docker_engine, "layerscope/shell:bash", cache)
    assert code == exit_codes.CLEAN, (document, talk)
    assert any("it listens on port 9123, and 8000 was expected" in each for each in document["verdict"]["remarks"])


@pytest.mark.parametrize(
    ("fault", "outcome", "root", "words"),
    [
        ("crash", "crash", "listen", "loading kernels"),
        ("silent", "hang", "listen", "waiting for the hub"),
    ],
)
def test_a_server_that_breaks_is_told_by_its_stage(
    docker_engine: LiveEngine, cache: Path, *, fault: str, outcome: str, root: str, words: str
) -> None:
    """With the last line that it printed, and nothing is left of it."""
    load(docker_engine, build_shell_server(f"layerscope/shell:{fault}", fault=fault))
    code, document, talk = probe(docker_engine, f"layerscope/shell:{fault}", cache, "--patience", "0.05")
    assert code == exit_codes.FINDINGS, (document, talk)
    verdict = document["verdict"]
    assert (verdict["outcome"], verdict["root"]) == (outcome, root)
    assert words in verdict["reason"]
    assert set(verdict["consequences"]) >= {"health", "models", "chat-16"}
    assert not list_left(docker_engine)


@pytest.mark.parametrize(
    ("fault", "words"), [("file", "to /tmp/server.log, where no engine looks"), ("nowhere", "goes to /dev/null")]
)
def test_a_server_of_which_nothing_is_heard_says_why(
    docker_engine: LiveEngine, cache: Path, *, fault: str, words: str
) -> None:
    """As far as programs of the image can look into its processes."""
    load(docker_engine, build_shell_server(f"layerscope/shell:{fault}", fault=fault))
    code, document, talk = probe(docker_engine, f"layerscope/shell:{fault}", cache)
    assert code == exit_codes.CLEAN, (document, talk)
    assert [words in each for each in document["verdict"]["remarks"]] == [True], document["verdict"]["remarks"]


def test_without_a_server_its_shell_looks_around_alone(docker_engine: LiveEngine, cache: Path) -> None:
    """Where nobody wants it to be started."""
    load(docker_engine, build_shell_server("layerscope/shell:sound"))
    code, document, _ = probe(docker_engine, "layerscope/shell:sound", cache, "--no-server")
    assert code == exit_codes.PROBE
    assert [stage["name"] for stage in document["stages"]] == ["env", "devices", "driver", "loader"]
