"""Confinement: what a probe's container may do: the one value that settings of engines and recipes are made from."""

from typing import Any, Final

from msgspec import Struct

from layerscope.probe.limits import ContainerLimits

NOBODY: Final = "65534:65534"
ROOT: Final = "0:0"
TMP: Final = "/tmp"  # noqa: S108 -- inside the container
SHM: Final = "/dev/shm"  # noqa: S108 -- inside the container

DEFAULT_CAPABILITIES: Final = (
    "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID",
    "SETPCAP", "SETUID", "SYS_CHROOT", "AUDIT_WRITE",
)  # fmt: skip
"""What Docker gives a container where nobody asks; see `DefaultCapabilities` of moby's oci/caps/defaults.go."""

ALL_GPUS: Final = "all"
NO_GPUS: Final = "none"


class Confinement(Struct, frozen=True):
    """Closed as it stands; what the image turns out to need is opened one thing at a time."""

    user: str = NOBODY
    read_only: bool = True
    capabilities: tuple[str, ...] = ()
    """Capabilities that are kept, without `CAP_`; all others are dropped."""
    no_new_privileges: bool = True
    tmp_exec: bool = False
    """Whether programs and libraries in /tmp may be run."""
    home: str = ""
    """HOME of the container where it is not what the image and the user make of it."""
    limits: ContainerLimits = ContainerLimits()

    @property
    def environment(self) -> dict[str, str]:
        """Variables that the container gets beside the image's own."""
        told = {"PYTHONDONTWRITEBYTECODE": "1"}
        return {**told, "HOME": self.home} if self.home else told

    @property
    def tmp_options(self) -> str:
        """The options that /tmp is mounted with."""
        execution = "exec" if self.tmp_exec else "noexec"
        return f"rw,nosuid,nodev,{execution},size={self.limits.tmp},mode=1777"


HARDENED: Final = Confinement()
DEFAULT: Final = Confinement(
    user=ROOT, read_only=False, capabilities=DEFAULT_CAPABILITIES, no_new_privileges=False, tmp_exec=True
)
"""What a container gets where nobody asks for more or less, as root; it has no network either."""


def build_host_settings(confinement: Confinement) -> dict[str, object]:
    """The `HostConfig` of an engine: no network, and limits on everything."""
    limits = confinement.limits
    return {
        "NetworkMode": "none",
        "ReadonlyRootfs": confinement.read_only,
        "CapDrop": ["ALL"],
        "CapAdd": list(confinement.capabilities),
        "SecurityOpt": ["no-new-privileges"] if confinement.no_new_privileges else [],
        "Memory": limits.memory,
        "MemorySwap": limits.memory,
        "PidsLimit": limits.pids,
        "ShmSize": limits.shm,
        "Tmpfs": {TMP: confinement.tmp_options},
        "LogConfig": {"Type": "none", "Config": {}},
        "AutoRemove": False,
        "Init": False,
    }


def list_docker_flags(confinement: Confinement) -> list[list[str]]:
    """The same as flags of `docker run` and `podman run`, each with its value."""
    limits = confinement.limits
    flags = [["--network", "none"]]
    flags += [["--read-only"]] if confinement.read_only else []
    flags += [["--cap-drop", "ALL"], *(["--cap-add", name] for name in confinement.capabilities)]
    flags += [["--security-opt", "no-new-privileges"]] if confinement.no_new_privileges else []
    flags += [
        ["--user", confinement.user],
        ["--memory", str(limits.memory)],
        ["--memory-swap", str(limits.memory)],
        ["--pids-limit", str(limits.pids)],
        ["--shm-size", str(limits.shm)],
        ["--tmpfs", f"{TMP}:{confinement.tmp_options}"],
        *(["--env", f"{name}={value}"] for name, value in confinement.environment.items()),
    ]
    return flags


def build_compose_settings(confinement: Confinement) -> dict[str, Any]:
    """The same as keys of a compose service."""
    limits = confinement.limits
    settings: dict[str, Any] = {
        "network_mode": "none",
        "read_only": confinement.read_only,
        "user": confinement.user,
        "cap_drop": ["ALL"],
        "cap_add": list(confinement.capabilities),
        "security_opt": ["no-new-privileges:true"] if confinement.no_new_privileges else [],
        "mem_limit": limits.memory,
        "memswap_limit": limits.memory,
        "pids_limit": limits.pids,
        "shm_size": limits.shm,
        "tmpfs": [f"{TMP}:{confinement.tmp_options}"],
        "environment": confinement.environment,
    }
    return {name: value for name, value in settings.items() if value != []}


def build_security_context(confinement: Confinement) -> dict[str, Any]:
    """The same as the `securityContext` of a Kubernetes container."""
    user, _, group = confinement.user.partition(":")
    capabilities: dict[str, Any] = {"drop": ["ALL"]}
    if confinement.capabilities:
        capabilities["add"] = list(confinement.capabilities)
    return {
        "runAsUser": int(user),
        "runAsGroup": int(group or user),
        "runAsNonRoot": user != "0",
        "readOnlyRootFilesystem": confinement.read_only,
        "allowPrivilegeEscalation": not confinement.no_new_privileges,
        "capabilities": capabilities,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def build_pod_volumes(confinement: Confinement) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The volumes of a pod that stand for /tmp and /dev/shm, and their mounts; a pod has no other way to size them."""
    sizes = {"tmp": (TMP, confinement.limits.tmp), "shm": (SHM, confinement.limits.shm)}
    volumes: list[dict[str, Any]] = [
        {"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": str(size)}} for name, (_, size) in sizes.items()
    ]
    return volumes, [{"name": name, "mountPath": place} for name, (place, _) in sizes.items()]
