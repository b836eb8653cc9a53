"""Rules about the distribution, its packages, and the runtimes of other languages."""

from typing import Final

from layerscope.rules.rule import Rule
from layerscope.rules.system.altered_package import AlteredPackage
from layerscope.rules.system.class_version_too_new import ClassVersionTooNew
from layerscope.rules.system.conflicting_artifact import ConflictingArtifact
from layerscope.rules.system.expired_node import ExpiredNode
from layerscope.rules.system.expired_release import ExpiredRelease
from layerscope.rules.system.half_installed_package import HalfInstalledPackage
from layerscope.rules.system.incomplete_package import IncompletePackage
from layerscope.rules.system.mismatched_node_addon import MismatchedNodeAddon
from layerscope.rules.system.mixed_openssl import MixedOpenssl
from layerscope.rules.system.unmet_npm_dependency import UnmetNpmDependency
from layerscope.rules.system.unresolved_require import UnresolvedRequire
from layerscope.rules.system.unsupported_node import UnsupportedNode

RULES: Final[tuple[Rule, ...]] = (
    ExpiredRelease(),
    HalfInstalledPackage(),
    IncompletePackage(),
    AlteredPackage(),
    MixedOpenssl(),
    UnmetNpmDependency(),
    UnsupportedNode(),
    ExpiredNode(),
    UnresolvedRequire(),
    MismatchedNodeAddon(),
    ClassVersionTooNew(),
    ConflictingArtifact(),
)
"""In order of their codes."""
