"""A recipe as a Deployment of Kubernetes, and a Service where it listens."""

from collections.abc import Iterable
from typing import Any, Final

from layerscope.recipe.claim import build_claim
from layerscope.recipe.comments import to_line, write_comments
from layerscope.recipe.joined import join_parts, strip_notes
from layerscope.recipe.names import name_application
from layerscope.recipe.setting import Recipe, Setting
from layerscope.recipe.yaml_text import render_yaml

NAMELESS: Final = "IMAGE"
LABEL: Final = "app.kubernetes.io/name"


def build_container(settings: Iterable[Setting], *, notes: bool = False) -> dict[str, Any]:
    """The container's part of a pod."""
    return join_parts((each.container, each.note if notes else "") for each in settings)


def build_pod(settings: Iterable[Setting], *, notes: bool = False) -> dict[str, Any]:
    """The pod's own part; a note stands here where the container has no part in the setting."""
    return join_parts((each.pod, each.note if notes and not each.container else "") for each in settings)


def emit_kubernetes(image: str, recipe: Recipe) -> str:
    """A Deployment with one replica, behind the claims of which a size is known.

    An image without a name in a registry is called IMAGE.
    """
    name = name_application(image)
    container = {
        "name": name,
        "image": image or NAMELESS,
        **build_container(recipe.settings, notes=True),
    }
    pod = {"enableServiceLinks": False, "containers": [container], **build_pod(recipe.settings, notes=True)}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {LABEL: name}},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {LABEL: name}},
            "template": {"metadata": {"labels": {LABEL: name}}, "spec": pod},
        },
    }
    service = _build_service(name, container)
    claims = list({claim.name: claim for each in recipe.settings for claim in each.claims}.values())
    told = image or "the image, which needs a name in a registry,"
    head = [
        f"# Runs {to_line(told)} with what it needs. Save it as app.yaml, then: kubectl apply -f app.yaml",
        *write_comments(recipe.list_left_out("kubernetes")),
        *write_comments(claim.note for claim in claims if claim.note),
    ]
    measured = (build_claim(claim) for claim in claims if claim.size)
    documents = "---\n".join(render_yaml(each) for each in (*measured, service, deployment) if each)
    return "\n".join(head) + f"\n{documents}"


def _build_service(name: str, container: dict[str, Any]) -> dict[str, Any]:
    """The Service in front of the container's ports; empty where it has none."""
    listed: Any = strip_notes(container.get("ports", []))
    if not listed:
        return {}
    rows = [(each["containerPort"], each["protocol"]) for each in listed]
    ports = [
        {"name": f"{protocol.lower()}-{port}", "port": port, "targetPort": port, "protocol": protocol}
        for port, protocol in rows
    ]
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "labels": {LABEL: name}},
        "spec": {"selector": {LABEL: name}, "ports": ports},
    }


def escape_references(text: str) -> str:
    """A text in which Kubernetes finds no `$(NAME)` to replace: it does so in variables and in commands."""
    return text.replace("$(", "$$(")
