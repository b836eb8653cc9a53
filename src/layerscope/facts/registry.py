"""Every collector, in the order in which facts are collected and shown."""

from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.config.base_reference import BaseReferenceCollector
from layerscope.facts.config.build_history import BuildHistoryCollector
from layerscope.facts.config.environment import EnvironmentCollector
from layerscope.facts.config.identity import IdentityCollector
from layerscope.facts.config.process import ProcessCollector
from layerscope.facts.config.secrets import ConfigSecretCollector
from layerscope.facts.elf.duplicate_libraries import DuplicateLibraryCollector
from layerscope.facts.elf.foreign_objects import ForeignObjectCollector
from layerscope.facts.elf.inventory import ElfObjectsCollector
from layerscope.facts.elf.libc import LibcCollector
from layerscope.facts.elf.loader_configuration import LoaderConfigurationCollector
from layerscope.facts.elf.object_hazards import ObjectHazardCollector
from layerscope.facts.elf.shadowed_libraries import ShadowedLibraryCollector
from layerscope.facts.elf.undefined_symbols import UndefinedSymbolCollector
from layerscope.facts.elf.unmet_needs import UnmetNeedCollector
from layerscope.facts.elf.unmet_versions import UnmetSymbolVersionCollector
from layerscope.facts.elf.unsafe_search_paths import UnsafeSearchPathCollector
from layerscope.facts.layers.anomalies import LayerAnomalyCollector
from layerscope.facts.layers.build_times import BuildTimesCollector
from layerscope.facts.layers.byte_code import ByteCodeCollector
from layerscope.facts.layers.endings import EndedFilesCollector
from layerscope.facts.layers.links import DanglingLinkCollector
from layerscope.facts.layers.package_caches import PackageCacheCollector
from layerscope.facts.layers.proof import LayerProofCollector
from layerscope.facts.layers.repeated_files import RepeatedFilesCollector
from layerscope.facts.layers.tables import LayerTableCollector
from layerscope.facts.layers.weight import ImageWeightCollector
from layerscope.facts.system.accounts import AccountsCollector
from layerscope.facts.system.apt import AptCollector
from layerscope.facts.system.os_release import OsReleaseCollector
from layerscope.facts.system.python_process import PythonProcessCollector
from layerscope.facts.system.scripts import ScriptCollector
from layerscope.facts.system.secret_files import SecretFileCollector

COLLECTORS: Final[tuple[Collector, ...]] = (
    LayerProofCollector(),
    LayerTableCollector(),
    LayerAnomalyCollector(),
    ImageWeightCollector(),
    EndedFilesCollector(),
    RepeatedFilesCollector(),
    PackageCacheCollector(),
    ByteCodeCollector(),
    BuildTimesCollector(),
    DanglingLinkCollector(),
    OsReleaseCollector(),
    AccountsCollector(),
    AptCollector(),
    ScriptCollector(),
    PythonProcessCollector(),
    SecretFileCollector(),
    LoaderConfigurationCollector(),
    LibcCollector(),
    UnmetNeedCollector(),
    UnmetSymbolVersionCollector(),
    UndefinedSymbolCollector(),
    ShadowedLibraryCollector(),
    DuplicateLibraryCollector(),
    UnsafeSearchPathCollector(),
    ForeignObjectCollector(),
    ElfObjectsCollector(),
    ObjectHazardCollector(),
    ProcessCollector(),
    EnvironmentCollector(),
    IdentityCollector(),
    ConfigSecretCollector(),
    BuildHistoryCollector(),
    BaseReferenceCollector(),
)
