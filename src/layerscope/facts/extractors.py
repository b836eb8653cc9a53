"""Every extractor, in order of name: what the layer pass shows files to, before any collector is needed."""

from typing import Final

from layerscope.facts.cuda.loose_code_extractor import LooseCodeExtractor
from layerscope.facts.cuda.search_folders import CudaLoaderConfExtractor
from layerscope.facts.cuda.text_extractor import CudaTextExtractor
from layerscope.facts.elf.object_extractor import ElfObjectExtractor
from layerscope.facts.system.account_extractor import AccountFileExtractor
from layerscope.facts.system.apt_release_extractor import AptReleaseExtractor
from layerscope.facts.system.os_release_extractor import OsReleaseExtractor
from layerscope.facts.system.script_extractor import EntryScriptExtractor, ScriptExtractor
from layerscope.facts.system.secret_extractor import SecretExtractor
from layerscope.layers.extractor import AnyExtractor

EXTRACTORS: Final[tuple[AnyExtractor, ...]] = (
    AccountFileExtractor(),
    AptReleaseExtractor(),
    CudaLoaderConfExtractor(),
    CudaTextExtractor(),
    ElfObjectExtractor(),
    EntryScriptExtractor(),
    LooseCodeExtractor(),
    OsReleaseExtractor(),
    ScriptExtractor(),
    SecretExtractor(),
)
"""Their names and versions are part of the layer cache's key."""
