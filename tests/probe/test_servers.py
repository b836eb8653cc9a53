"""Which server an image runs, and where it will listen."""

from collections.abc import Iterable, Mapping

import pytest

from layerscope.errors import UsageError
from layerscope.policies.policies import Policies
from layerscope.probe.servers import ImageHints, recognise_server, split_command
from layerscope.probe.serving_spec import ApiKey, ServerAddress, ServingSpec, parse_address

SERVERS = Policies().servers


def recognise(
    *command: str,
    env: Mapping[str, str] | None = None,
    ports: tuple[int, ...] = (),
    distributions: Iterable[str] = (),
    files: Iterable[str] = (),
) -> ServingSpec | None:
    """The server of an image with these."""
    there = set(files)
    hints = ImageHints(command, env or {}, ports, frozenset(distributions), lambda path: path in there)
    return recognise_server(hints, SERVERS)


@pytest.mark.parametrize(
    ("command", "env", "name", "port"),
    [
        ("vllm serve /models/m", {}, "vLLM", 8000),
        ("python3 -m vllm.entrypoints.openai.api_server --port 9000 --model m", {}, "vLLM", 9000),
        ("/opt/venv/bin/vllm serve m --port=9001", {}, "vLLM", 9001),
        ("vllm serve m --port 1 --port 2", {}, "vLLM", 2),
        ("/tgi-entrypoint.sh", {"PORT": "80"}, "Text Generation Inference", 80),
        ("text-generation-launcher -p 8081", {"PORT": "80"}, "Text Generation Inference", 8081),
        ("python3 -m sglang.launch_server --model-path m", {}, "SGLang", 30000),
        ("/opt/nvidia/nvidia_entrypoint.sh tritonserver --http-port 8800", {}, "Triton Inference Server", 8800),
        ("/bin/ollama serve", {"OLLAMA_HOST": "0.0.0.0:11500"}, "Ollama", 11500),
        ("/bin/ollama serve", {"OLLAMA_HOST": "http://0.0.0.0:11501/"}, "Ollama", 11501),
        ("/bin/ollama serve", {"OLLAMA_HOST": "ollama.local"}, "Ollama", 11434),
        ("/app/llama-server -m m.gguf", {"LLAMA_ARG_PORT": "8081"}, "llama.cpp server", 8081),
        ("/usr/local/bin/dockerd-entrypoint.sh serve", {}, "TorchServe", 8080),
        ("serve run app:deployment", {}, "Ray Serve", 8000),
        ("/opt/nim/start_server.sh", {"NIM_SERVER_PORT": "8010"}, "NVIDIA NIM", 8010),
        ("tini -- python -m cog.server.http", {}, "Cog", 5000),
        ("transformers serve m", {}, "transformers serve", 8000),
    ],
)
def test_a_command_tells_the_server_and_its_port(command: str, env: Mapping[str, str], name: str, port: int) -> None:
    """A flag wins over a variable, and a variable over the default."""
    found = recognise(*command.split(), env=env)
    assert found is not None
    assert (found.name, found.port) == (name, port)
    assert found.how.startswith("by its command")
    assert found.is_certain
    assert found.argv == tuple(command.split())


def test_a_shell_form_is_read_like_its_words() -> None:
    """What is started is the command as the image has it."""
    command = ("/bin/sh", "-c", "cd /srv && exec vllm serve m --port 8001")
    found = recognise(*command)
    assert found is not None
    assert (found.name, found.port, found.argv) == ("vLLM", 8001, command)
    assert split_command(("/bin/sh", "-c", "an 'unclosed quote")) == ("an", "'unclosed", "quote")


def test_a_script_is_told_by_what_the_image_has() -> None:
    """By a variable, a file or a package of the project; its port is the one that the image exposes."""
    by_variable = recognise("/start.sh", env={"VLLM_USAGE_SOURCE": "production-docker-image"})
    by_file = recognise("/start.sh", files=["/opt/tritonserver/bin/tritonserver"], ports=(8000, 8001))
    by_package = recognise("/start.sh", distributions=["sglang"], ports=(9000,))
    assert by_variable is not None
    assert (by_variable.name, by_variable.port) == ("vLLM", 8000)
    assert by_file is not None
    assert (by_file.name, by_file.port) == ("Triton Inference Server", 8000)
    assert by_package is not None
    assert (by_package.name, by_package.port) == ("SGLang", 9000)


@pytest.mark.parametrize(
    ("command", "distributions", "ports"),
    [
        ((), ["vllm"], (8000,)),
        (("bash",), ["vllm"], (8000,)),
        (("python3",), ["vllm"], (8000,)),
        (("tail", "-f", "/dev/null"), ["vllm"], (8000,)),
        (("/opt/nvidia/nvidia_entrypoint.sh",), ["vllm"], (8000,)),
        (("python", "train.py"), ["vllm"], ()),
        (("python", "train.py"), ["fastapi"], ()),
        (("nginx",), [], (80,)),
        (("python", "-m", "vllm_tools"), [], ()),
    ],
)
def test_an_image_that_starts_no_server_has_none(
    command: tuple[str, ...], distributions: list[str], ports: tuple[int, ...]
) -> None:
    """A shell, a job, or something that serves no models."""
    assert recognise(*command, distributions=distributions, ports=ports) is None


def test_a_server_of_ones_own_may_serve_models() -> None:
    """It is asked for its API, and no failure if it has none."""
    found = recognise("uvicorn", "app:app", distributions=["uvicorn"], ports=(8080,))
    assert found is not None
    assert (found.port, found.dialect, found.is_certain) == (8080, "", False)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://10.0.0.1:8000", ServerAddress("10.0.0.1", 8000)),
        ("http://host:8000/v1/", ServerAddress("host", 8000)),
        ("https://host/llm/v1", ServerAddress("host", 443, is_tls=True, prefix="/llm")),
        ("http://[::1]:8000", ServerAddress("::1", 8000)),
    ],
)
def test_an_address_is_read(url: str, address: ServerAddress) -> None:
    """As clients of such servers are given it, with or without /v1."""
    assert parse_address(url) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize("url", ["host:8000", "ftp://host", "http://", "http://a:99999", "http://h/?q=1"])
def test_what_is_no_address_is_refused(url: str) -> None:
    """With what was expected."""
    with pytest.raises(UsageError, match="probing"):
        parse_address(url)


def test_a_password_is_neither_taken_nor_shown() -> None:
    """A URL stands in reports."""
    with pytest.raises(UsageError) as caught:
        parse_address("http://user:secret@host:8000")
    assert "secret" not in str(caught.value)


def test_a_key_is_never_shown() -> None:
    """Nor is anything that holds it."""
    assert "sesame" not in repr(ServingSpec(key=ApiKey("sesame")))
    assert "sesame" not in f"{ApiKey('sesame')}"
