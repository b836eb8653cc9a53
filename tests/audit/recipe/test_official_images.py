"""Images as projects publish them: the rules about how a container is started find nothing of weight in them."""

from pathlib import Path
from typing import Any, Final

import pytest

from layerscope.audit.recipe.build import derive_recipe
from layerscope.policies.policies import Policies
from layerscope.recipe.forms import FORMS
from layerscope.rules.severity import Severity
from support.recipe_checks import read_compose, read_kubernetes, run_script
from support.serving_image import FILES, audit_files
from support.tar_writer import TarMember, directory, file

CODES: Final = frozenset({"CONF013", "CONF014", "CONF015", "CUDA048"})
PROGRAM: Final = b"\x7fELF"
TGI: Final = (
    b"#!/bin/bash\nldconfig 2>/dev/null || echo 'unable to refresh ld cache'\n\nexec text-generation-launcher $@\n"
)

IMAGES: Final[dict[str, tuple[list[TarMember], dict[str, Any], list[str]]]] = {
    # vllm-project/vllm docker/Dockerfile
    "vllm": (
        list(FILES),
        {
            "Entrypoint": ["vllm", "serve"],
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "VLLM_USAGE_SOURCE=production-docker-image"],
        },
        ["a volume at /root/.cache/huggingface/hub", "port 8000/tcp"],
    ),
    # huggingface/text-generation-inference Dockerfile
    "tgi": (
        [*FILES, file("tgi-entrypoint.sh", TGI, mode=0o755)],
        {
            "Entrypoint": ["/tgi-entrypoint.sh"],
            "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "HF_HOME=/data", "PORT=80"],
        },
        ["a volume at /data/hub", "port 80/tcp"],
    ),
    # ollama/ollama Dockerfile
    "ollama": (
        [directory("etc"), file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"), file("bin/ollama", PROGRAM, mode=0o755)],
        {
            "Entrypoint": ["/bin/ollama"],
            "Cmd": ["serve"],
            "Env": ["OLLAMA_HOST=0.0.0.0:11434", "NVIDIA_VISIBLE_DEVICES=all"],
            "ExposedPorts": {"11434/tcp": {}},
        },
        ["a volume at /root/.ollama/models", "port 11434/tcp"],
    ),
    # ggml-org/llama.cpp .devops/cuda.Dockerfile
    "llama.cpp": (
        [*FILES, file("app/llama-server", PROGRAM, mode=0o755)],
        {
            "Entrypoint": ["/app/llama-server"],
            "WorkingDir": "/app",
            "Env": ["PATH=/usr/bin", "LLAMA_ARG_HOST=0.0.0.0"],
            "Healthcheck": {"Test": ["CMD", "curl", "-f", "http://localhost:8080/health"]},
        },
        ["a volume at /root/.cache/llama.cpp", "port 8080/tcp"],
    ),
    # prometheus/prometheus Dockerfile
    "prometheus": (
        [
            file("etc/passwd", b"nobody:x:65534:65534::/home:/bin/false\n"),
            directory("prometheus", uid=65534, gid=65534),
            file("bin/prometheus", PROGRAM, mode=0o755),
        ],
        {
            "Entrypoint": ["/bin/prometheus"],
            "Cmd": ["--config.file=/etc/prometheus/prometheus.yml"],
            "User": "nobody",
            "WorkingDir": "/prometheus",
            "Volumes": {"/prometheus": {}},
            "ExposedPorts": {"9090/tcp": {}},
        },
        ["a volume at /prometheus", "port 9090/tcp"],
    ),
}


@pytest.mark.parametrize("name", IMAGES)
def test_an_official_image_is_let_pass_and_has_its_recipe(name: str, tmp_path: Path) -> None:
    """Remarks below medium may be made; volumes and ports are those of the project's own documentation."""
    files, runtime, subjects = IMAGES[name]
    result = audit_files(tmp_path, files, runtime)
    weighty = [each for each in result.findings if each.code in CODES and each.severity >= Severity.MEDIUM]
    assert weighty == []
    recipe = derive_recipe(result, Policies())
    found = [each.subject for each in recipe.settings if each.subject.startswith(("a volume", "port"))]
    assert found == subjects
    assert run_script(FORMS["docker"](f"official/{name}", recipe), tmp_path)[-1] == f"official/{name}"
    assert read_compose(FORMS["compose"](f"official/{name}", recipe), tmp_path)
    assert read_kubernetes(FORMS["kubernetes"](f"official/{name}", recipe))
