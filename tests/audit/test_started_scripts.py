"""An image that starts a script: its server, port and model are found in it, and nothing secret is kept of it."""

from pathlib import Path

import pytest

from layerscope.audit.model_target import choose_model
from layerscope.audit.options import AuditOptions
from layerscope.audit.pipeline import audit_image
from layerscope.audit.probe_server import find_server
from layerscope.audit.read_image import cache_fingerprint
from layerscope.audit.result import AuditResult
from layerscope.facts.system.started_commands import StartedCommand
from layerscope.layers.cache import LayerCache
from layerscope.policies.policies import Policies
from layerscope.probe.serving_spec import ServingSpec
from layerscope.sources.select import select_source
from support.built_image import build_image
from support.images import write_oci_layout
from support.tar_writer import directory, file

START = """#!/bin/bash
exec python3 -m vllm.entrypoints.openai.api_server --model "${MODEL:-/models/llama}" --port 9000 "$@"
"""
PLANTED = "pl4nted"


def audit(tmp_path: Path, script: str, python: str = "", **runtime: object) -> AuditResult:
    """The audit of an image with two models and a script that it starts."""
    members = [
        *map(directory, ("app", "models", "models/llama", "models/larger", "bin")),
        file("bin/bash", b"\x7fELF", mode=0o755),
        file("models/llama/config.json", b"{}"),
        file("models/llama/model.safetensors", bytes(10)),
        file("models/larger/config.json", b"{}"),
        file("models/larger/model.safetensors", bytes(20)),
        file("models/serve.py", python.encode()),
        file("app/start.sh", script.encode(), mode=0o755),
    ]
    config = {"Entrypoint": ["/app/start.sh"], "ExposedPorts": {"8000/tcp": {}}, **runtime}
    tmp_path.mkdir(exist_ok=True)
    write_oci_layout(build_image([members], tag="layerscope/script:one", runtime=config), tmp_path / "layout")
    options = AuditOptions(LayerCache(tmp_path / "cache", fingerprint=cache_fingerprint()), jobs=1)
    return audit_image(select_source(f"oci-dir:{tmp_path / 'layout'}"), options=options)


def find(result: AuditResult) -> ServingSpec:
    """The server."""
    found = find_server(result, Policies())
    assert found is not None
    return found


def test_server_port_and_model_are_found_in_the_script(tmp_path: Path) -> None:
    """With the place where they are named; the server is started by the image's own entrypoint."""
    result = audit(tmp_path, START)
    found, target = find(result), choose_model(result).target
    assert (found.name, found.port, found.argv) == ("vLLM", 9000, ("/app/start.sh",))
    assert found.how == "by its command in /app/start.sh: vllm.entrypoints.openai.api_server"
    assert target is not None
    assert (target.folder, target.evidence) == ("/models/llama", "named by --model in /app/start.sh")
    assert target.is_chat


def test_config_and_environment_go_before_what_the_script_sets(tmp_path: Path) -> None:
    """Words that are passed on come last, and so win."""
    result = audit(tmp_path, START, Cmd=["--port", "9100"], Env=["MODEL=/models/larger"])
    target = choose_model(result).target
    assert find(result).port == 9100
    assert target is not None
    assert (target.folder, target.evidence) == ("/models/larger", "named by --model in /app/start.sh")


def test_a_command_that_the_script_passes_on_has_the_ports_that_it_adds(tmp_path: Path) -> None:
    """And is told as the image's own."""
    result = audit(tmp_path, '#!/bin/sh\nexec "$@" --port 9200\n', Cmd=["vllm", "serve", "/models/llama"])
    target = choose_model(result).target
    assert (find(result).port, find(result).how) == (9200, "by its command: vllm serve")
    assert target is not None
    assert target.evidence == "named by `vllm serve` in the image's command"


@pytest.mark.parametrize(
    ("script", "name", "port"),
    [
        ("export OLLAMA_HOST=0.0.0.0:11500\nollama serve &\nwait", "Ollama", 11500),
        ("PORT=${PORT:-8090}\nexec tritonserver --http-port $PORT", "Triton Inference Server", 8090),
        ("exec vllm serve /models/llama", "vLLM", 8000),
        ("exec vllm serve /models/llama --port $UNSET", "vLLM", 8000),
    ],
)
def test_ports_are_those_of_flags_and_variables_else_the_exposed_one(
    tmp_path: Path, script: str, name: str, port: int
) -> None:
    """As for a command of the config."""
    found = find(audit(tmp_path, f"#!/bin/sh\n{script}\n"))
    assert (found.name, found.port) == (name, port)


def test_a_script_without_a_server_tells_none(tmp_path: Path) -> None:
    """A program that has a server's word among its arguments is none."""
    result = audit(tmp_path, "#!/bin/sh\nexec my-tool vllm serve --port 9000\n")
    target = choose_model(result).target
    assert find_server(result, Policies()) is None
    assert target is not None
    assert target.evidence == "the largest of 2 models in the image"


def test_a_model_that_python_loads_goes_before_one_that_only_lies_there(tmp_path: Path) -> None:
    """Unless it is not there, or something else is named."""
    load = """#!/bin/sh
exec python3 /models/serve.py
"""
    text = """import x
x.from_pretrained("acme/absent")
x.from_pretrained("/models/llama", token="planted")
"""
    target = choose_model(audit(tmp_path, load, python=text)).target
    assert target is not None
    assert (target.folder, target.evidence) == ("/models/llama", "named by from_pretrained in /models/serve.py")
    target = choose_model(audit(tmp_path / "2", load, python='x.from_pretrained("acme/absent")')).target
    assert target is not None
    assert target.evidence == "the largest of 2 models in the image"
    target = choose_model(audit(tmp_path / "3", load, python=text, Env=["MODEL_ID=/models/larger"])).target
    assert target is not None
    assert target.evidence == "named by MODEL_ID in the image's environment"


def test_nothing_of_a_key_in_a_script_is_cached(tmp_path: Path) -> None:
    """Wherever it stands: in an option, a variable, a list, a document, a comment, and where a model could."""
    script = f"""#!/bin/bash
export API_KEY={PLANTED}-1 HF_TOKEN=acme/{PLANTED}-2 # {PLANTED}-3
ARGS=(--api-key "$API_KEY" --api-key=sk-{PLANTED}-4)
if [ "$1" = "{PLANTED}-5" ]; then {PLANTED}_command_6 --x; fi
cat > /etc/x <<EOF
exec {PLANTED}-7
EOF
curl -H "Authorization: Bearer {PLANTED}-8" -d '{{
  "key": "{PLANTED}-9"
}}' https://me:{PLANTED}-10@host/
vllm serve /models/llama --hf-token "$HF_TOKEN" --tokenizer acme/{PLANTED}-11 &
OPENAI_KEY={PLANTED}-12 exec python3 -m vllm.entrypoints.openai.api_server "${{ARGS[@]}}" --model /models/llama \\
  --ssl-keyfile /{PLANTED}-13 --lora-modules a=/{PLANTED}-14 --model "https://me:{PLANTED}-15@host" \\
  --model "$API_KEY" --port {PLANTED}-16 --port "$API_KEY" "$API_KEY" {PLANTED}/17
"""
    result = audit(tmp_path, script)
    entries = [path.read_bytes() for path in (tmp_path / "cache").rglob("*") if path.is_file()]
    assert any(b"vllm.entrypoints.openai.api_server" in each for each in entries)
    assert [each for each in entries if PLANTED.encode() in each] == []
    assert PLANTED not in str(result.facts.of(StartedCommand))
    assert find(result).name == "vLLM"
    assert audit(tmp_path, script).facts.of(StartedCommand) == result.facts.of(StartedCommand)
