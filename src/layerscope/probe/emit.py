"""A probe that somebody else starts: as a command line, a compose file or a Kubernetes Job, with everything in it."""

import base64
import shlex
from collections.abc import Callable
from typing import Any, Final

from layerscope.probe.confinement import Confinement, list_settings
from layerscope.probe.packed_input import MARK, PACKED_BOOT, fold_text, pack_input
from layerscope.probe.spec import ProbeSpec
from layerscope.recipe.comments import to_line
from layerscope.recipe.compose import build_service, double_dollars
from layerscope.recipe.docker import list_flags
from layerscope.recipe.kubernetes import build_container, build_pod, escape_references
from layerscope.recipe.yaml_text import Block, render_yaml

NAME: Final = "layerscope-probe"
COMPOSE_FILE: Final = "layerscope-probe.yaml"
PLACE: Final = "/layerscope"
"""Where the payload lies in the container, if it does not come on standard input."""

PIECE: Final = 600 * 1024
"""Bytes of one ConfigMap's content: https://kubernetes.io/docs/concepts/configuration/configmap/ allows 1 MiB."""

KEPT_SECONDS: Final = 3600
"""For which a finished Job keeps its log."""

_END: Final = "LAYERSCOPE-PAYLOAD"


def emit_docker(image: str, spec: ProbeSpec, confinement: Confinement, nonce: str, *, gpus: bool) -> str:
    """A shell script with one command; podman takes it as well."""
    flags = [*list_flags(list_settings(confinement)), ["--log-driver", "none"], ["--no-healthcheck"]]
    flags += [["--gpus", "all"]] if gpus else []
    flags += [["--entrypoint", spec.interpreter]]
    lines = [f"  {shlex.join(flag)}" for flag in flags]
    command = " \\\n".join(
        ['"${ENGINE:-docker}" run --rm --interactive', *lines, f"  {_tell_program(image)} <<'{_END}'"]
    )
    return (
        f"#!/bin/sh\n# A probe of {to_line(image)}, locked down. It prints records, which make a report:\n"
        "#   sh probe.sh > probe.log; layerscope probe --read probe.log\n"
        f"# ENGINE=podman takes another engine. The records carry the word {nonce}.\n"
        f"{command}\n{fold_text(pack_input(spec, nonce))}\n{_END}\n"
    )


def _tell_program(image: str) -> str:
    return shlex.join([image, "-I", "-S", "-u", "-c", PACKED_BOOT])


def emit_compose(image: str, spec: ProbeSpec, confinement: Confinement, nonce: str, *, gpus: bool) -> str:
    """A compose file with one service, which reads the payload out of this very file.

    A config with its content inline would be copied into the container, which no read-only root takes:
    https://github.com/docker/compose/issues/12031
    """
    place = f"{PLACE}/{COMPOSE_FILE}"
    service: dict[str, Any] = {
        "image": image,
        **build_service(list_settings(confinement)),
        "entrypoint": [spec.interpreter, "-I", "-S", "-u", "-c", double_dollars(PACKED_BOOT), place],
        "command": [],
        "healthcheck": {"disable": True},
        "restart": "no",
        "volumes": [{"type": "bind", "source": f"./{COMPOSE_FILE}", "target": place, "read_only": True}],
    }
    if gpus:
        devices = [{"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}]
        service["deploy"] = {"resources": {"reservations": {"devices": devices}}}
    document = {"services": {"probe": service}, MARK: Block(fold_text(pack_input(spec, nonce)))}
    return (
        f"# A probe of {to_line(image)}, locked down. Save it as {COMPOSE_FILE}, readable by all, then:\n"
        f"#   docker compose -f {COMPOSE_FILE} up --no-log-prefix > probe.log\n"
        "#   layerscope probe --read probe.log\n"
        f"#   docker compose -f {COMPOSE_FILE} down\n"
        f"# The records carry the word {nonce}.\n{render_yaml(document)}"
    )


def emit_kubernetes(image: str, spec: ProbeSpec, confinement: Confinement, nonce: str, *, gpus: bool) -> str:
    """A Job, the ConfigMaps with its payload, and a NetworkPolicy that leaves it without network."""
    name = f"{NAME}-{nonce[:8]}"
    labels = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": name}
    packed = pack_input(spec, nonce)
    pieces = [packed[start : start + PIECE] for start in range(0, len(packed), PIECE)]
    parts = [f"{name}-{number}" for number in range(len(pieces))]
    maps = [
        {
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": part, "labels": labels}, "immutable": True,
            "binaryData": {f"payload{number}": base64.b64encode(piece).decode("ascii")},
        }
        for number, (part, piece) in enumerate(zip(parts, pieces, strict=True))
    ]  # fmt: skip
    job = {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "labels": labels},
        "spec": {
            "backoffLimit": 0,
            "activeDeadlineSeconds": int(spec.longest) + 60,
            "ttlSecondsAfterFinished": KEPT_SECONDS,
            "template": {
                "metadata": {"labels": labels},
                "spec": _build_pod(image, spec, confinement, parts, gpus=gpus),
            },
        },
    }  # fmt: skip
    policy = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": name, "labels": labels},
        "spec": {"podSelector": {"matchLabels": labels}, "policyTypes": ["Ingress", "Egress"]},
    }  # fmt: skip
    documents = "---\n".join(render_yaml(each) for each in (policy, *maps, job))
    return (
        f"# A probe of {to_line(image)}, locked down. Save it as probe.yaml, then:\n"
        "#   kubectl create -f probe.yaml\n"
        f"#   kubectl wait --for=condition=complete --timeout={int(spec.longest) + 60}s job/{name}\n"
        f"#   kubectl logs job/{name} | layerscope probe --read -\n"
        "#   kubectl delete -f probe.yaml\n"
        "# `kubectl apply` needs --server-side, since it would keep a copy of the payload in an annotation.\n"
        f"# The records carry the word {nonce}.\n{documents}"
    )


def _build_pod(
    image: str, spec: ProbeSpec, confinement: Confinement, parts: list[str], *, gpus: bool
) -> dict[str, Any]:
    settings = list_settings(confinement)
    container = {"name": "probe", "image": image, **build_container(settings)}
    container["command"] = [spec.interpreter, "-I", "-S", "-u", "-c", escape_references(PACKED_BOOT), PLACE]
    container["volumeMounts"] += [{"name": "payload", "mountPath": PLACE, "readOnly": True}]
    if gpus:
        container["resources"]["limits"]["nvidia.com/gpu"] = 1
    pod = build_pod(settings)
    sources = [{"configMap": {"name": part}} for part in parts]
    return {
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "containers": [container],
        "volumes": [*pod["volumes"], {"name": "payload", "projected": {"sources": sources}}],
    }


Emitter = Callable[..., str]
EMITTERS: Final[dict[str, Emitter]] = {"k8s": emit_kubernetes, "compose": emit_compose, "docker": emit_docker}
"""By the word of `--emit`."""
