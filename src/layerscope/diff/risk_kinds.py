"""RiskKind: what a change between two images is about, by a name that a policy can forbid."""

from enum import StrEnum
from typing import Final

from layerscope.diff import traits


class RiskKind(StrEnum):
    """The names; each stays what it is."""

    DRIVER_RAISED = "driver-raised"
    DRIVER_LOWERED = "driver-lowered"
    GPU_DROPPED = "gpu-dropped"
    GPU_WORSE = "gpu-worse"
    GPU_ADDED = "gpu-added"
    DISTRIBUTION_CHANGED = "distribution-changed"
    LIBC_CHANGED = "libc-changed"
    PYTHON_CHANGED = "python-changed"
    ABI_CHANGED = "abi-changed"
    SONAME_CHANGED = "soname-changed"
    LINKING_CHANGED = "linking-changed"
    CUDA_CHANGED = "cuda-changed"
    CUDNN_CHANGED = "cudnn-changed"
    NODE_CHANGED = "node-changed"
    JAVA_CHANGED = "java-changed"
    CUDA_COPIED = "cuda-copied"
    PACKAGE_REMOVED = "package-removed"
    PACKAGE_MAJOR = "package-major"
    ROOT_USER = "root-user"
    USER_CHANGED = "user-changed"
    START_CHANGED = "start-changed"
    PORT_CHANGED = "port-changed"
    MODEL_CHANGED = "model-changed"
    GPU_LOST = "gpu-lost"
    GPU_NEEDED = "gpu-needed"
    PLATFORM_CHANGED = "platform-changed"
    VARIABLE_CHANGED = "variable-changed"
    VOLUME_CHANGED = "volume-changed"
    HEALTH_CHECK_CHANGED = "health-check-changed"
    PRIVILEGE_ADDED = "privilege-added"
    NEW_SECRET = "new-secret"  # noqa: S105 -- a name, not a secret
    NEW_FINDING = "new-finding"


TRAIT_KINDS: Final = {
    traits.DISTRIBUTION: RiskKind.DISTRIBUTION_CHANGED,
    traits.LIBC: RiskKind.LIBC_CHANGED,
    traits.PYTHON: RiskKind.PYTHON_CHANGED,
    traits.EXTENSION_ABI: RiskKind.ABI_CHANGED,
    traits.CUDA: RiskKind.CUDA_CHANGED,
    traits.CUDNN: RiskKind.CUDNN_CHANGED,
    traits.NODE: RiskKind.NODE_CHANGED,
    traits.JAVA: RiskKind.JAVA_CHANGED,
}
"""What it is called when a trait is another one."""

SECRET_RULES: Final = frozenset({"secret-in-environment", "secret-in-history", "secret-in-layer"})
"""Rules whose findings are secrets."""
