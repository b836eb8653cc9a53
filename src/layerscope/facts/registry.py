"""Every collector, in the order in which facts are collected and shown."""

from typing import Final

from layerscope.facts.collector import Collector
from layerscope.facts.config.base_reference import BaseReferenceCollector
from layerscope.facts.config.build_history import BuildHistoryCollector
from layerscope.facts.config.environment import EnvironmentCollector
from layerscope.facts.config.hub_models import HubModelCollector
from layerscope.facts.config.identity import IdentityCollector
from layerscope.facts.config.led_output import LedOutputCollector
from layerscope.facts.config.mount_points import MountPointCollector
from layerscope.facts.config.parallel_start import ParallelStartCollector
from layerscope.facts.config.process import ProcessCollector
from layerscope.facts.config.secrets import ConfigSecretCollector
from layerscope.facts.cuda.compilers import BuildToolsCollector
from layerscope.facts.cuda.declared import CudaDeclarationCollector
from layerscope.facts.cuda.device_code import DeviceCodeCollector
from layerscope.facts.cuda.driver_files import DriverFileCollector
from layerscope.facts.cuda.frameworks import FrameworkCollector
from layerscope.facts.cuda.libraries import CudaLibraryCollector
from layerscope.facts.cuda.packages import CudaPackageCollector
from layerscope.facts.cuda.rdma_libraries import RdmaLibraryCollector
from layerscope.facts.cuda.toolkit import CudaToolkitCollector
from layerscope.facts.elf.duplicate_libraries import DuplicateLibraryCollector
from layerscope.facts.elf.foreign_objects import ForeignObjectCollector
from layerscope.facts.elf.inventory import ElfObjectsCollector
from layerscope.facts.elf.libc import LibcCollector
from layerscope.facts.elf.loaded_objects import LoadedObjectsCollector
from layerscope.facts.elf.loader_configuration import LoaderConfigurationCollector
from layerscope.facts.elf.node_addons import NodeAddonCollector
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
from layerscope.facts.layers.unread_files import UnreadFileCollector
from layerscope.facts.layers.weight import ImageWeightCollector
from layerscope.facts.python.conda_packages import CondaPackageCollector
from layerscope.facts.python.distributions import DistributionCollector
from layerscope.facts.python.entry_imports import EntryImportCollector
from layerscope.facts.python.environments import PythonEnvironmentCollector
from layerscope.facts.python.extensions import ExtensionCollector
from layerscope.facts.python.integrity import IntegrityCollector
from layerscope.facts.python.interpreters import InterpreterCollector
from layerscope.facts.python.loader_workers import LoaderWorkersCollector
from layerscope.facts.python.named_models import NamedModelCollector
from layerscope.facts.python.numpy_modules import NumpyModuleCollector
from layerscope.facts.python.overlaps import OverlapCollector
from layerscope.facts.python.releases import EndedReleaseCollector
from layerscope.facts.python.requirements import RequirementCollector
from layerscope.facts.python.torch_hub import TorchHubCollector
from layerscope.facts.python.wheel_tags import WheelTagCollector
from layerscope.facts.system.accounts import AccountsCollector
from layerscope.facts.system.apt import AptCollector
from layerscope.facts.system.distribution import DistributionReleaseCollector
from layerscope.facts.system.java import JavaCollector
from layerscope.facts.system.node import NodeCollector
from layerscope.facts.system.node_entry import NodeEntryCollector
from layerscope.facts.system.openssl import OpenSslCollector
from layerscope.facts.system.os_release import OsReleaseCollector
from layerscope.facts.system.package_files import PackageFileCollector
from layerscope.facts.system.packages import SystemPackageCollector
from layerscope.facts.system.python_process import PythonProcessCollector
from layerscope.facts.system.scripts import ScriptCollector
from layerscope.facts.system.secret_files import SecretFileCollector
from layerscope.facts.system.stack import StackCollector
from layerscope.facts.system.started_commands import StartedCommandCollector

COLLECTORS: Final[tuple[Collector, ...]] = (
    LayerProofCollector(),
    LayerTableCollector(),
    LayerAnomalyCollector(),
    UnreadFileCollector(),
    ImageWeightCollector(),
    EndedFilesCollector(),
    RepeatedFilesCollector(),
    PackageCacheCollector(),
    ByteCodeCollector(),
    BuildTimesCollector(),
    DanglingLinkCollector(),
    OsReleaseCollector(),
    DistributionReleaseCollector(),
    SystemPackageCollector(),
    PackageFileCollector(),
    OpenSslCollector(),
    NodeCollector(),
    NodeEntryCollector(),
    NodeAddonCollector(),
    JavaCollector(),
    StackCollector(),
    AccountsCollector(),
    AptCollector(),
    ScriptCollector(),
    StartedCommandCollector(),
    PythonProcessCollector(),
    SecretFileCollector(),
    DeviceCodeCollector(),
    LoaderConfigurationCollector(),
    LibcCollector(),
    LoadedObjectsCollector(),
    UnmetNeedCollector(),
    UnmetSymbolVersionCollector(),
    UndefinedSymbolCollector(),
    ShadowedLibraryCollector(),
    DuplicateLibraryCollector(),
    UnsafeSearchPathCollector(),
    ForeignObjectCollector(),
    InterpreterCollector(),
    EndedReleaseCollector(),
    PythonEnvironmentCollector(),
    CondaPackageCollector(),
    DistributionCollector(),
    RequirementCollector(),
    ExtensionCollector(),
    WheelTagCollector(),
    NumpyModuleCollector(),
    IntegrityCollector(),
    OverlapCollector(),
    EntryImportCollector(),
    NamedModelCollector(),
    LoaderWorkersCollector(),
    TorchHubCollector(),
    ElfObjectsCollector(),
    ObjectHazardCollector(),
    ProcessCollector(),
    EnvironmentCollector(),
    IdentityCollector(),
    MountPointCollector(),
    HubModelCollector(),
    LedOutputCollector(),
    ParallelStartCollector(),
    ConfigSecretCollector(),
    BuildHistoryCollector(),
    BaseReferenceCollector(),
    CudaDeclarationCollector(),
    CudaToolkitCollector(),
    CudaLibraryCollector(),
    CudaPackageCollector(),
    FrameworkCollector(),
    DriverFileCollector(),
    BuildToolsCollector(),
    RdmaLibraryCollector(),
)
