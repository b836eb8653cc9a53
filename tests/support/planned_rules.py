"""Rules that tables and checks may name before they are there; whoever adds the last of them deletes the list."""

from typing import Final

from layerscope.rules.registry import find_rule

PLANNED: Final = frozenset(
    {
        "missing-library",
        "missing-symbol-version",
        "newer-glibc-needed",
        "undefined-symbol",
        "shadowed-library",
        "dead-library-path-entry",
        "duplicate-runtime-library",
        "executable-stack",
        "demanding-cpu",
        "truncated-object",
        "missing-device-code",
        "partial-device-code",
        "jit-only-device-code",
        "driver-below-floor",
        "ptx-newer-than-driver",
        "dropped-architecture",
        "second-cuda-copy",
        "mixed-cudnn",
        "framework-cuda-mismatch",
        "cpu-only-torch",
        "baked-driver-library",
        "cuda-stub-on-path",
        "compat-library-on-path",
        "missing-triton-compiler",
        "hard-coded-visible-devices",
        "missing-driver-capabilities",
        "runtime-older-than-declared",
    }
)
"""Names of rules that are on their way."""


def is_rule(name: str) -> bool:
    """Whether a rule of that name is in the registry, or on its way."""
    return find_rule(name) is not None or name in PLANNED
