"""Rules about ELF objects: what the dynamic loader will not find, or will find in the wrong place."""

from typing import Final

from layerscope.rules.elf.dead_library_path_entry import DeadLibraryPathEntry
from layerscope.rules.elf.demanding_cpu import DemandingCpu
from layerscope.rules.elf.demanding_kernel import DemandingKernel
from layerscope.rules.elf.duplicate_runtime_library import DuplicateRuntimeLibrary
from layerscope.rules.elf.empty_library_path_entry import EmptyLibraryPathEntry
from layerscope.rules.elf.escaping_runpath import EscapingRunpath
from layerscope.rules.elf.executable_stack import ExecutableStack
from layerscope.rules.elf.foreign_machine import ForeignMachine
from layerscope.rules.elf.glibc_object_on_musl import GlibcObjectOnMusl
from layerscope.rules.elf.missing_elf_interpreter import MissingElfInterpreter
from layerscope.rules.elf.missing_library import MissingLibrary
from layerscope.rules.elf.missing_symbol_version import MissingSymbolVersion
from layerscope.rules.elf.newer_glibc_needed import NewerGlibcNeeded
from layerscope.rules.elf.openssl_mismatch import OpensslMismatch
from layerscope.rules.elf.preloaded_library_missing import PreloadedLibraryMissing
from layerscope.rules.elf.shadowed_library import ShadowedLibrary
from layerscope.rules.elf.truncated_object import TruncatedObject
from layerscope.rules.elf.undefined_symbol import UndefinedSymbol
from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    MissingLibrary(),
    MissingSymbolVersion(),
    NewerGlibcNeeded(),
    UndefinedSymbol(),
    ShadowedLibrary(),
    DeadLibraryPathEntry(),
    EmptyLibraryPathEntry(),
    DuplicateRuntimeLibrary(),
    GlibcObjectOnMusl(),
    OpensslMismatch(),
    PreloadedLibraryMissing(),
    EscapingRunpath(),
    MissingElfInterpreter(),
    ForeignMachine(),
    ExecutableStack(),
    DemandingCpu(),
    TruncatedObject(),
    DemandingKernel(),
)
"""In order of their codes."""
