"""One image for each rule with a fix that is made in the image itself: the fault, and sound files around it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from layerscope.formats.elf_object import NeededVersion, UndefinedSymbol
from support.built_image import BuiltImage, build_image
from support.cuda_images import SITE, installed, sized, torch, wheels
from support.elf_images import GLIBC_FILES, module, write_files
from support.elf_writer import ElfPlan
from support.hub_files import cache
from support.python_files import distribution, interpreter
from support.tar_member import TarMember, directory, file, symlink, whiteout

SIZE: Final = 2_000_000
TOKEN: Final = (
    b"[default]\naws_access_key_id = AKIA" + b"Q3EGWVYZK2LMNOPR\naws_secret_access_key = " + b"k9" * 20 + b"\n"
)
HUB_TOKEN: Final = "hf_" + "kQ3mZ8vTn2WpX7rLbY5sJcHd9uGfEa4RoN"
MODULE: Final = f"{SITE}/p/_x.abi3.so"


@dataclass(frozen=True)
class PlantedFault:
    """Layers, lowest first, the environment, what else of the config containers run with, and a history of its own."""

    layers: Sequence[Sequence[TarMember]]
    environment: Sequence[str] = ()
    runtime: Mapping[str, object] = field(default_factory=dict)
    history: Sequence[Mapping[str, object]] = ()

    def build(self) -> BuiltImage:
        """The image; each layer was copied, and each variable set by a step of its own."""
        copies = [{"created_by": f"COPY layer-{number} /"} for number in range(len(self.layers))]
        settings = [{"created_by": f"ENV {each}", "empty_layer": True} for each in self.environment]
        runtime = {**self.runtime, **({"Env": list(self.environment)} if self.environment else {})}
        return build_image(self.layers, runtime=runtime, history=self.history or [*copies, *settings])


def _with_environment(*variables: str, files: Sequence[TarMember] = ()) -> PlantedFault:
    """A fault of the environment alone."""
    return PlantedFault([[file("app/main", b"#!/bin/sh\n", mode=0o755), *files]], variables)


def _with_library_path(old: ElfPlan, new: ElfPlan, user: ElfPlan) -> PlantedFault:
    """A library in a folder of LD_LIBRARY_PATH stands before the one beside its user."""
    below = write_files({**GLIBC_FILES, MODULE: user, f"{SITE}/p/liba.so": new})
    above = write_files({"opt/old/liba.so": old, "opt/good/libb.so": ElfPlan(soname="libb.so")})
    return PlantedFault([below, above], ["LD_LIBRARY_PATH=/opt/old:/opt/good"])


_USER: Final = module("_x", "liba.so", runpath="$ORIGIN")

CORPUS: Final[Mapping[str, PlantedFault]] = {
    "LAY101": PlantedFault(
        [
            [directory("d"), file("d/kept", b"kept"), file("d/gone", bytes(SIZE))],
            [file("other", b"other")],
            [whiteout("d/gone")],
        ]
    ),
    "LAY102": PlantedFault(
        [[directory("d"), file("d/model", bytes(SIZE)), file("d/kept", b"")], [file("d/model", b"1" * SIZE)]]
    ),
    "LAY103": PlantedFault(
        [
            [directory("d"), file("d/model", bytes(SIZE)), file("kept", b"kept")],
            [file("d/model", bytes(SIZE), mode=0o755, uid=1000)],
        ]
    ),
    "LAY104": PlantedFault(
        [[directory("root/.cache/pip"), file("root/.cache/pip/http-v2/a", bytes(SIZE)), file("root/kept", b"kept")]]
    ),
    "LAY204": PlantedFault([[file("srv/data", b"1"), symlink("srv/old", "gone"), symlink("srv/new", "data")]]),
    "CONF010": PlantedFault(
        [[*interpreter(), file("app/main.py", b"print(1)\n")]], runtime={"Cmd": ["python3", "/app/main.py"]}
    ),
    "CONF016": PlantedFault(
        [
            [
                *interpreter(),
                *distribution("huggingface_hub"),
                *cache("root/.cache/huggingface/hub"),
                file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"),
                file("usr/local/bin/vllm", b"#!/usr/local/bin/python3\n", mode=0o755),
            ]
        ],
        ["PYTHONUNBUFFERED=1"],
        {"Cmd": ["vllm", "serve", "acme/tiny"]},
    ),
    "CONF019": PlantedFault(
        [
            [
                *interpreter(),
                *distribution("huggingface_hub"),
                *cache("opt/hub"),
                file("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"),
                file("usr/local/bin/vllm", b"#!/usr/local/bin/python3\n", mode=0o755),
            ]
        ],
        ["PYTHONUNBUFFERED=1"],
        {"Cmd": ["vllm", "serve", "acme/tiny"]},
    ),
    "CONF017": _with_environment("VLLM_LOGGING_LEVEL=CRITICAL", "KEPT=1"),
    "CONF011": PlantedFault(
        [[file("root/.aws/credentials", TOKEN), file("root/kept", b"1")], [whiteout("root/.aws/credentials")]]
    ),
    "CONF002": _with_environment(f"HF_TOKEN={HUB_TOKEN}", "KEPT=1"),
    "CONF003": PlantedFault(
        [[file("app/main", b"")]], history=[{"created_by": f"RUN |1 TOKEN={HUB_TOKEN} /bin/sh -c make # buildkit"}]
    ),
    "CUDA029": PlantedFault(
        [
            [
                *torch(),
                *wheels(),
                installed("bitsandbytes", "0.45.0"),
                sized(f"{SITE}/bitsandbytes/libbitsandbytes_cuda124.so"),
            ]
        ],
        ["BNB_CUDA_VERSION=118"],
    ),
    "CUDA031": PlantedFault(
        [
            [*torch(), *wheels()],
            [
                sized("usr/lib/x86_64-linux-gnu/libcuda.so.535.183.01"),
                symlink("usr/lib/x86_64-linux-gnu/libcuda.so.1", "libcuda.so.535.183.01"),
                sized("usr/lib/x86_64-linux-gnu/libkept.so.1"),
            ],
        ]
    ),
    "CUDA035": PlantedFault([[*torch(), *wheels()]], ["CUDA_VISIBLE_DEVICES=0", "KEPT=1"]),
    "CUDA036": PlantedFault([[*torch(), *wheels()]], ["NVIDIA_DRIVER_CAPABILITIES=utility"]),
    "CUDA041": _with_environment("NVIDIA_DRIVER_CAPABILITIES=all"),
    "CUDA046": _with_environment("CUDA_DISABLE_PTX_JIT=1"),
    "CUDA047": _with_environment("NCCL_P2P_DISABLE=1", "KEPT=1"),
    "ELF002": _with_library_path(
        ElfPlan(soname="liba.so", provided_versions=("A_1",)),
        ElfPlan(soname="liba.so", provided_versions=("A_1", "A_2")),
        module("_x", "liba.so", runpath="$ORIGIN", required_versions=(NeededVersion("liba.so", "A_2"),)),
    ),
    "ELF004": _with_library_path(
        ElfPlan(soname="liba.so", exports=("a",)),
        ElfPlan(soname="liba.so", exports=("a", "b")),
        module("_x", "liba.so", runpath="$ORIGIN", undefined=(UndefinedSymbol("b", "", is_weak=False),)),
    ),
    "ELF005": _with_library_path(ElfPlan(soname="liba.so", exports=("a",)), ElfPlan(soname="liba.so"), _USER),
    "ELF006": PlantedFault(
        [write_files({**GLIBC_FILES, "opt/good/libb.so": ElfPlan(soname="libb.so")})],
        ["LD_LIBRARY_PATH=/opt/gone:/opt/good"],
    ),
    "ELF007": PlantedFault(
        [write_files({**GLIBC_FILES, "opt/good/libb.so": ElfPlan(soname="libb.so")})],
        ["LD_LIBRARY_PATH=:/opt/good"],
        {"WorkingDir": "/app"},
    ),
    "PY011": PlantedFault(
        [
            [*interpreter(), *distribution("kept")],
            [*distribution("lost", site="srv/tools/lib/python3.10/site-packages"), file("srv/kept", b"1")],
        ]
    ),
}
"""By the code of the rule."""
