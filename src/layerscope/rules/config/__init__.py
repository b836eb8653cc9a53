"""Rules about the image's config: how its process starts, who it is, what it says and what it gives away."""

from typing import Final

from layerscope.rules.config.buffered_python_output import BufferedPythonOutput
from layerscope.rules.config.crlf_shebang import CrlfShebang
from layerscope.rules.config.discarded_output import DiscardedOutput
from layerscope.rules.config.history_mismatch import HistoryMismatch
from layerscope.rules.config.missing_entrypoint import MissingEntrypoint
from layerscope.rules.config.missing_health_check import MissingHealthCheck
from layerscope.rules.config.missing_interpreter import MissingInterpreter
from layerscope.rules.config.missing_working_directory import MissingWorkingDirectory
from layerscope.rules.config.model_in_other_cache import ModelInOtherCache
from layerscope.rules.config.model_outside_image import ModelOutsideImage
from layerscope.rules.config.needless_hub_request import NeedlessHubRequest
from layerscope.rules.config.root_user import RootUser
from layerscope.rules.config.secret_in_environment import SecretInEnvironment
from layerscope.rules.config.secret_in_history import SecretInHistory
from layerscope.rules.config.secret_in_layer import SecretInLayer
from layerscope.rules.config.silenced_log import SilencedLog
from layerscope.rules.config.small_shared_memory import SmallSharedMemory
from layerscope.rules.config.unknown_user import UnknownUser
from layerscope.rules.config.unwritable_volume import UnwritableVolume
from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    RootUser(),
    SecretInEnvironment(),
    SecretInHistory(),
    MissingEntrypoint(),
    MissingWorkingDirectory(),
    MissingInterpreter(),
    CrlfShebang(),
    UnknownUser(),
    MissingHealthCheck(),
    BufferedPythonOutput(),
    SecretInLayer(),
    HistoryMismatch(),
    SmallSharedMemory(),
    UnwritableVolume(),
    ModelOutsideImage(),
    NeedlessHubRequest(),
    SilencedLog(),
    DiscardedOutput(),
    ModelInOtherCache(),
)
"""In order of their codes."""
