"""Rules about Python: distributions, environments and what they require of each other."""

from typing import Final

from layerscope.rules.python.altered_distribution import AlteredDistribution
from layerscope.rules.python.duplicate_distribution import DuplicateDistribution
from layerscope.rules.python.foreign_libc_wheel import ForeignLibcWheel
from layerscope.rules.python.gil_mismatch import GilMismatch
from layerscope.rules.python.mismatched_abi_tag import MismatchedAbiTag
from layerscope.rules.python.numpy_abi_mismatch import NumpyAbiMismatch
from layerscope.rules.python.orphaned_site_packages import OrphanedSitePackages
from layerscope.rules.python.overlapping_distributions import OverlappingDistributions
from layerscope.rules.python.python_end_of_life import PythonEndOfLife
from layerscope.rules.python.unmet_requirement import UnmetRequirement
from layerscope.rules.python.unresolved_import import UnresolvedImport
from layerscope.rules.python.wrong_python_version import WrongPythonVersion
from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    UnmetRequirement(),
    MismatchedAbiTag(),
    WrongPythonVersion(),
    AlteredDistribution(),
    DuplicateDistribution(),
    OverlappingDistributions(),
    NumpyAbiMismatch(),
    ForeignLibcWheel(),
    GilMismatch(),
    PythonEndOfLife(),
    OrphanedSitePackages(),
    UnresolvedImport(),
)
"""In order of their codes."""
