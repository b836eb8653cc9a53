"""Every extractor, in order of name: what the layer pass shows files to, before any collector is needed."""

from typing import Final

from layerscope.facts.cuda.driver_version_extractor import DriverVersionExtractor
from layerscope.facts.cuda.loose_code_extractor import LooseCodeExtractor
from layerscope.facts.cuda.text_extractor import CudaTextExtractor
from layerscope.facts.elf.loader_extractor import LoaderCacheExtractor, LoaderConfExtractor, LoaderPathsExtractor
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.python.conda_extractor import CondaExtractor
from layerscope.facts.python.entry_extractor import PythonEntryExtractor
from layerscope.facts.python.metadata_extractor import PythonMetadataExtractor
from layerscope.facts.python.record_extractor import RecordExtractor
from layerscope.facts.system.account_extractor import AccountFileExtractor
from layerscope.facts.system.apt_release_extractor import AptReleaseExtractor
from layerscope.facts.system.cache_script_extractor import CacheScriptExtractor
from layerscope.facts.system.java_extractors import GradleLockExtractor, JarExtractor, JavaReleaseExtractor
from layerscope.facts.system.node_entry_extractor import NodeEntryExtractor
from layerscope.facts.system.node_extractors import (
    NodeHeaderExtractor,
    NodeProgramExtractor,
    NpmLockExtractor,
    NpmPackageExtractor,
)
from layerscope.facts.system.os_release_extractor import OsReleaseExtractor
from layerscope.facts.system.package_extractors import (
    ApkExtractor,
    DpkgDiversionExtractor,
    DpkgFolderExtractor,
    DpkgListExtractor,
    DpkgStatusExtractor,
    RpmExtractor,
)
from layerscope.facts.system.script_extractor import EntryScriptExtractor, ScriptExtractor
from layerscope.facts.system.secret_extractor import SecretExtractor
from layerscope.facts.system.sourced_extractor import SourcedFileExtractor
from layerscope.layers.extractor import AnyExtractor

EXTRACTORS: Final[tuple[AnyExtractor, ...]] = (
    AccountFileExtractor(),
    ApkExtractor(),
    AptReleaseExtractor(),
    CacheScriptExtractor(),
    CondaExtractor(),
    CudaTextExtractor(),
    DpkgDiversionExtractor(),
    DpkgFolderExtractor(),
    DpkgListExtractor(),
    DpkgStatusExtractor(),
    DriverVersionExtractor(),
    ElfObjectExtractor(),
    EntryScriptExtractor(),
    GradleLockExtractor(),
    JarExtractor(),
    JavaReleaseExtractor(),
    LoaderCacheExtractor(),
    LoaderConfExtractor(),
    LoaderPathsExtractor(),
    LooseCodeExtractor(),
    NodeEntryExtractor(),
    NodeHeaderExtractor(),
    NodeProgramExtractor(),
    NpmLockExtractor(),
    NpmPackageExtractor(),
    OsReleaseExtractor(),
    PythonEntryExtractor(),
    PythonMetadataExtractor(),
    RecordExtractor(),
    RpmExtractor(),
    ScriptExtractor(),
    SecretExtractor(),
    SourcedFileExtractor(),
)
"""Their names and versions are part of the layer cache's key."""
