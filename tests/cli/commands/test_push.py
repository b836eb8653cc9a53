"""`layerscope push` with a stand-in for the engine: what stands in the way is told before anything is pushed."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from layerscope.cli.engine_push import EnginePush
from layerscope.engine.client import connect
from layerscope.engine.images import load_image
from layerscope.errors import ImageNotFoundError
from support.engine_stub import EngineStub, StubImage, run_engine
from support.images import write_image
from support.pushed_images import make_image

Answer = Callable[..., tuple[int, bytes, str]]

NAME = "team/llm:latest"
PUSH = '#!/bin/sh\necho "$@" >> {log}\necho "${{LAYERSCOPE_PUSHING}} ${{DOCKER_HOST}}" >> {log}\nexit 7\n'


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[EngineStub]:
    """A Docker Engine without images, and a program `docker` that notes what it is to do."""
    with run_engine(tmp_path) as engine:
        program = tmp_path / "bin" / "docker"
        program.parent.mkdir()
        program.write_text(PUSH.format(log=tmp_path / "log"))
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
        monkeypatch.setenv("LAYERSCOPE_CACHE_DIR", str(tmp_path / "cache"))
        for name, value in engine.environment.items():
            monkeypatch.setenv(name, value)
        yield engine


def give(stub: EngineStub, *, leaks: bool) -> None:
    """Let the engine have an image by name and ID."""
    path = stub.socket.parent / "image.tar"
    write_image(make_image(NAME, leaks=leaks), path, "docker-archive:docker-26")
    with connect(stub.endpoint) as engine:
        load_image(engine, [path.read_bytes()], name=NAME)
    image = StubImage(stub.images[NAME].inspected, path.read_bytes())
    stub.images |= {NAME: image, "team/llm": image, str(image.inspected["Id"]): image}
    stub.info = {"Driver": "overlay2", "DockerRootDir": "/nonexistent"}


def read_log(stub: EngineStub) -> list[str]:
    """What the program was asked to do, and with which variables."""
    log = stub.socket.parent / "log"
    return log.read_text().splitlines() if log.exists() else []


def test_what_keeps_to_the_policy_goes_to_the_program_as_it_is(answer: Answer, stub: EngineStub) -> None:
    """With its words, the engine that was checked, and the program's own exit code."""
    give(stub, leaks=False)
    code, out, error = answer("push", "--disable-content-trust", NAME)
    assert (code, out) == (7, b"")
    assert f"{NAME}  keeps to the policy" in error
    assert "no policy is found here or above" in error
    assert read_log(stub) == [f"push --disable-content-trust {NAME}", f"1 {stub.endpoint.url}"]


def test_what_breaks_the_policy_goes_nowhere(answer: Answer, stub: EngineStub, tmp_path: Path) -> None:
    """Whatever the check's exit code is: a finding, a policy that makes no sense, an image that is not there."""
    give(stub, leaks=True)
    code, _, error = answer("push", NAME)
    assert (code, "nothing was pushed" in error) == (1, True)
    assert answer("push", "team/none:1")[0] == 3
    (tmp_path / "layerscope.toml").write_text('[check]\nmax-sise = "1GB"\n')
    code, _, error = answer("push", NAME)
    assert (code, "did you mean 'max-size'" in error, "nothing was pushed" in error) == (2, True, True)
    assert read_log(stub) == []


def test_the_policy_says_of_a_name_what_it_says_however_it_is_spelled(
    answer: Answer, stub: EngineStub, tmp_path: Path
) -> None:
    """With the registry, the tag or the engine, or without."""
    give(stub, leaks=True)
    limits = '{image = "docker:docker.io/team/llm", max-layers = 1}'
    (tmp_path / "layerscope.toml").write_text(f'[check]\nfail-on = "never"\nimages = [{limits}]\n')
    code, _, error = answer("push", "team/llm")
    assert (code, "max-layers: " in error, "no policy" in error) == (1, True, False)


@pytest.mark.parametrize("entry", ["team/llm:latest", "docker:docker.io/team/llm", "team/llm:{tag}"])
def test_another_name_sheds_nothing_that_the_policy_demands(
    answer: Answer, stub: EngineStub, tmp_path: Path, entry: str
) -> None:
    """What it demands of one name of an image holds for the image, whichever name it is pushed by; that is told."""
    give(stub, leaks=True)
    stub.images["registry.example/rel/llm:9"] = stub.images[NAME]
    policy = f'[check]\nfail-on = "never"\nimages = [{{image = "{entry}", max-layers = 1}}]\n'
    (tmp_path / "layerscope.toml").write_text(policy)
    code, _, error = answer("push", "registry.example/rel/llm:9")
    told = " ".join(error.split())
    assert (code, "max-layers: " in told, read_log(stub)) == (1, True, [])
    assert "registry.example/rel/llm:9 is the image " in told
    assert "what the policy demands of that holds as well" in told
    (tmp_path / "layerscope.toml").write_text(policy.replace("= 1", "= 2"))
    assert answer("push", "registry.example/rel/llm:9")[0] == 7
    assert "as well" not in answer("push", NAME)[2]


def test_another_name_without_demands_of_its_own_is_left_alone(
    answer: Answer, stub: EngineStub, tmp_path: Path
) -> None:
    """What is demanded of all is checked once."""
    give(stub, leaks=False)
    stub.images["registry.example/rel/llm:9"] = stub.images[NAME]
    (tmp_path / "layerscope.toml").write_text(f'[check]\nimages = ["{NAME}"]\n')
    code, _, error = answer("push", "registry.example/rel/llm:9")
    assert (code, NAME in error) == (7, False)


def test_a_policy_for_branches_and_tags_needs_no_repository(answer: Answer, stub: EngineStub, tmp_path: Path) -> None:
    """Which image is pushed is said already."""
    give(stub, leaks=True)
    entry = '{image = "team/llm:{tag}", max-layers = 1}'
    (tmp_path / "layerscope.toml").write_text(f'[check]\nfail-on = "never"\nimages = [{entry}]\n')
    code, _, error = answer("push", NAME)
    assert (code, "max-layers: " in error) == (1, True)


def test_a_name_that_is_gone_after_the_push_is_told(answer: Answer, stub: EngineStub, tmp_path: Path) -> None:
    """The program's own exit code stays, for it has pushed, or says why not."""
    give(stub, leaks=False)
    stop = tmp_path / "stop"
    (tmp_path / "bin" / "docker").write_text(f"#!/bin/sh\ntouch {stop}\nexit 4\n")
    find = EnginePush.find_ids

    def find_ids(push: EnginePush) -> Mapping[str, str]:
        if stop.exists():
            raise ImageNotFoundError(f"docker has no image {NAME}")
        return find(push)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(EnginePush, "find_ids", find_ids)
        code, _, error = answer("push", NAME)
    assert (code, "could not be compared with what was checked" in error) == (4, True)


def test_a_program_that_is_layerscope_again_ends_it(
    answer: Answer, stub: EngineStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without end is worse than without a push."""
    give(stub, leaks=False)
    monkeypatch.setenv("LAYERSCOPE_PUSHING", "1")
    code, _, error = answer("push", NAME)
    assert (code, "calls layerscope push again" in error) == (3, True)
    monkeypatch.delenv("LAYERSCOPE_PUSHING")
    monkeypatch.setenv("PATH", "/nonexistent")
    code, _, error = answer("push", NAME)
    assert (code, "there is no program 'docker' on PATH" in error) == (3, True)


def test_a_push_that_is_stopped_stops_the_program(stub: EngineStub, tmp_path: Path) -> None:
    """It is told to end, and waited for."""
    give(stub, leaks=False)
    docker = tmp_path / "bin" / "docker"
    log = tmp_path / "log"
    loop = "while :; do sleep 0.1; done"
    docker.write_text(f"#!/bin/sh\ntrap 'echo ended >> {log}; exit 143' TERM\necho begun >> {log}\n{loop}\n")
    command = [sys.executable, "-m", "layerscope", "push", NAME]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE)
    while not read_log(stub):
        assert process.poll() is None
        time.sleep(0.05)
    process.terminate()
    error = process.communicate(timeout=30)[1]
    assert (process.returncode, b"layerscope: terminated" in error) == (143, True)
    assert read_log(stub) == ["begun", "ended"]
