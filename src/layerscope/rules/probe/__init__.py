"""Rules about a probe: what the running image did, and how it broke."""

from typing import Final

from layerscope.rules.probe.crashing_stage import CrashingStage
from layerscope.rules.probe.degenerate_text import DegenerateText
from layerscope.rules.probe.deleted_live_library import DeletedLiveLibrary
from layerscope.rules.probe.driver_error import DriverError
from layerscope.rules.probe.empty_generation import EmptyGeneration
from layerscope.rules.probe.exceeded_memory_limit import ExceededMemoryLimit
from layerscope.rules.probe.failing_import import FailingImport
from layerscope.rules.probe.failing_stage import FailingStage
from layerscope.rules.probe.foreign_live_library import ForeignLiveLibrary
from layerscope.rules.probe.hanging_stage import HangingStage
from layerscope.rules.probe.library_loaded_twice import LibraryLoadedTwice
from layerscope.rules.probe.lost_output import LostOutput
from layerscope.rules.probe.mute_output import MuteOutput
from layerscope.rules.probe.needed_privilege import NeededPrivilege
from layerscope.rules.probe.non_finite_results import NonFiniteResults
from layerscope.rules.probe.silent_cpu_fallback import SilentCpuFallback
from layerscope.rules.probe.special_tokens_only import SpecialTokensOnly
from layerscope.rules.probe.text_in_other_field import TextInOtherField
from layerscope.rules.probe.truncated_text import TruncatedText
from layerscope.rules.probe.unavailable_cuda import UnavailableCuda
from layerscope.rules.probe.unstarted_probe import UnstartedProbe
from layerscope.rules.probe.wrong_results import WrongResults
from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    UnstartedProbe(),
    HangingStage(),
    CrashingStage(),
    ExceededMemoryLimit(),
    FailingImport(),
    FailingStage(),
    EmptyGeneration(),
    SpecialTokensOnly(),
    DegenerateText(),
    TruncatedText(),
    TextInOtherField(),
    MuteOutput(),
    WrongResults(),
    NonFiniteResults(),
    UnavailableCuda(),
    DriverError(),
    SilentCpuFallback(),
    ForeignLiveLibrary(),
    LibraryLoadedTwice(),
    DeletedLiveLibrary(),
    LostOutput(),
    NeededPrivilege(),
)
"""In order of their codes."""
