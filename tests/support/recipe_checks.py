"""Recipes held against those who read them: a shell with an engine's stub, compose, and the schema of Kubernetes."""

import json
import os
import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any, Final

import jsonschema

from support.plain_yaml import read_plain_yaml

SCHEMA: Final[dict[str, Any]] = json.loads(Path(__file__).with_name("kubernetes_schema.json").read_text())
KINDS: Final = {
    "Deployment": "io.k8s.api.apps.v1.Deployment",
    "Service": "io.k8s.api.core.v1.Service",
    "PersistentVolumeClaim": "io.k8s.api.core.v1.PersistentVolumeClaim",
}
LABEL: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""A name as Kubernetes takes it for a Service: RFC 1035."""

STUB: Final = "#!/bin/sh\nprintf '%s\\0' \"$@\"\n"


def run_script(text: str, folder: Path, *further: str) -> list[str]:
    """The words that an engine is started with by the script."""
    engine = folder / "engine"
    engine.write_text(STUB)
    engine.chmod(engine.stat().st_mode | stat.S_IXUSR)
    environment = {**os.environ, "ENGINE": str(engine), "IMAGE": "given:1"}
    script = folder / "run.sh"
    script.write_text(text, encoding="utf-8")
    done = subprocess.run(["sh", str(script), *further], capture_output=True, check=True, env=environment)
    assert not done.stderr
    return done.stdout.decode().split("\0")[:-1]


def read_compose(text: str, folder: Path) -> dict[str, Any]:
    """The one service of a compose file, after a look of the compose program where there is one."""
    (document,) = read_plain_yaml(text)
    (service,) = document["services"].values()
    named = {row["source"] for row in service.get("volumes", []) if row["type"] == "volume"}
    assert named == set(document.get("volumes", {}))
    program = shutil.which("docker-compose")
    if program is not None:
        place = folder / "compose.yaml"
        place.write_text(text, encoding="utf-8")
        environment = {**os.environ, "IMAGE": "given:1"}
        done = subprocess.run(
            [program, "-f", str(place), "config", "--quiet"], capture_output=True, check=False, env=environment
        )
        assert done.returncode == 0, done.stderr.decode()
    assert isinstance(service, dict)
    return service


def read_kubernetes(text: str) -> dict[str, Any]:
    """The pod of a Deployment; each document is held against the schema, and names against what mentions them."""
    documents = read_plain_yaml(text)
    for document in documents:
        reference = {"$ref": f"#/$defs/{KINDS[document['kind']]}", "$defs": SCHEMA["$defs"]}
        jsonschema.Draft202012Validator(reference).validate(document)
        assert LABEL.fullmatch(document["metadata"]["name"])
    deployment = documents[-1]
    assert deployment["spec"]["selector"]["matchLabels"] == deployment["spec"]["template"]["metadata"]["labels"]
    pod: dict[str, Any] = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    mounts = container.get("volumeMounts", [])
    names = [each["name"] for each in pod.get("volumes", [])]
    assert sorted({each["name"] for each in mounts}) == sorted(names)
    assert all(LABEL.fullmatch(name) for name in names)
    assert len({each["mountPath"] for each in mounts}) == len(mounts)
    claimed = {each.get("persistentVolumeClaim", {}).get("claimName") for each in pod.get("volumes", [])}
    assert claimed >= {each["metadata"]["name"] for each in documents if each["kind"] == "PersistentVolumeClaim"}
    for service in (each for each in documents if each["kind"] == "Service"):
        served = [(each["targetPort"], each["protocol"]) for each in service["spec"]["ports"]]
        assert served == [(each["containerPort"], each["protocol"]) for each in container["ports"]]
    return pod
