"""Confinement: what a probe's container may do: the one value that settings of engines and recipes are made from."""

from typing import Any, Final

from msgspec import Struct

from layerscope.probe.limits import ContainerLimits
from layerscope.recipe.memory_volume import build_memory_volume, make_shm_setting
from layerscope.recipe.setting import Setting

NOBODY: Final = "65534:65534"
ROOT: Final = "0:0"
TMP: Final = "/tmp"  # noqa: S108 -- inside the container

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


def list_settings(confinement: Confinement) -> tuple[Setting, ...]:
    """The same as settings that every engine has a word for; of a pod, a NetworkPolicy alone takes the network away."""
    limits, context = confinement.limits, "securityContext"
    user, _, group = confinement.user.partition(":")
    capabilities: dict[str, Any] = {"drop": ["ALL"]}
    added: dict[str, Any] = {"cap_drop": ["ALL"]}
    if confinement.capabilities:
        capabilities["add"] = added["cap_add"] = list(confinement.capabilities)
    return (
        Setting("network", docker=(("--network", "none"),), compose={"network_mode": "none"}),
        Setting(
            "root file system",
            docker=(("--read-only",),) if confinement.read_only else (),
            compose={"read_only": confinement.read_only},
            container={context: {"readOnlyRootFilesystem": confinement.read_only}},
        ),
        Setting(
            "capabilities",
            docker=(("--cap-drop", "ALL"), *(("--cap-add", name) for name in confinement.capabilities)),
            compose=added,
            container={context: {"capabilities": capabilities}},
        ),
        Setting(
            "privileges",
            docker=(("--security-opt", "no-new-privileges"),) if confinement.no_new_privileges else (),
            compose={"security_opt": ["no-new-privileges:true"]} if confinement.no_new_privileges else {},
            container={context: {"allowPrivilegeEscalation": not confinement.no_new_privileges}},
        ),
        Setting(
            "user",
            docker=(("--user", confinement.user),),
            compose={"user": confinement.user},
            container={
                context: {"runAsUser": int(user), "runAsGroup": int(group or user), "runAsNonRoot": user != "0"}
            },
        ),
        Setting("system calls", container={context: {"seccompProfile": {"type": "RuntimeDefault"}}}),
        *_list_limits(limits),
        Setting(
            "temporary files",
            docker=(("--tmpfs", f"{TMP}:{confinement.tmp_options}"),),
            compose={"tmpfs": [f"{TMP}:{confinement.tmp_options}"]},
            pod={"volumes": [build_memory_volume("tmp", limits.tmp)]},
            container={"volumeMounts": [{"name": "tmp", "mountPath": TMP}]},
        ),
        make_shm_setting(limits.shm),
        Setting(
            "variables",
            docker=tuple(("--env", f"{name}={value}") for name, value in confinement.environment.items()),
            compose={"environment": confinement.environment},
            container={"env": [{"name": name, "value": value} for name, value in confinement.environment.items()]},
        ),
    )


def _list_limits(limits: ContainerLimits) -> tuple[Setting, ...]:
    memory = str(limits.memory)
    return (
        Setting(
            "memory",
            docker=(("--memory", memory), ("--memory-swap", memory)),
            compose={"mem_limit": limits.memory, "memswap_limit": limits.memory},
            container={"resources": {"limits": {"memory": memory}}},
        ),
        Setting("processes", docker=(("--pids-limit", str(limits.pids)),), compose={"pids_limit": limits.pids}),
    )
