"""How each framework is found, and what it says it was built for."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from layerscope.facts.context import FactContext
from layerscope.facts.cuda.framework import Build, Framework
from layerscope.facts.cuda.releases import major, read_tag
from layerscope.facts.cuda.seen import list_names, read_values, see, tell, tell_distributions
from layerscope.facts.cuda.sites import Site
from layerscope.policies.frameworks import CudaRow, find_release

TENSORFLOW: Final = (
    "tensorflow", "tensorflow-gpu", "tf-nightly", "tensorflow-cpu", "intel-tensorflow", "tensorflow-cpu-aws",
)  # fmt: skip
ONNXRUNTIME: Final = (
    "onnxruntime-gpu", "onnxruntime", "onnxruntime-training", "onnxruntime-openvino", "ort-nightly", "ort-nightly-gpu",
)  # fmt: skip
JAX: Final = re.compile(r"jax|jaxlib|jax-cuda\d+-(?:plugin|pjrt)")


def find_torch(site: Site, context: FactContext) -> Iterator[Framework]:
    """PyTorch, by its version.py, its libraries, and the metadata of its wheel."""
    installed, module = site.find("torch"), f"{site.path}/torch"
    values = read_values(context, f"{module}/version.py")
    if not values and installed is None:
        return
    version = values.get("__version__") or (installed.version if installed else "")
    libraries = list_names(context, f"{module}/lib", "libtorch", "libc10")
    if site.prefix != site.path:
        libraries += list_names(context, f"{site.prefix}/lib", "libtorch_c")
    cuda, hip = values.get("cuda", ""), values.get("hip", "None")
    pins = read_values(context, f"{installed.path}/METADATA") if installed else {}
    if hip != "None" or "+rocm" in version:
        build = Build.ROCM
    elif "+xpu" in version:
        build = Build.UNKNOWN
    elif cuda == "None" or version.endswith("+cpu"):
        build = Build.CPU
    elif cuda or "+cu" in version:
        build = Build.CUDA
    else:
        build = Build.UNKNOWN
    seen = see(context, f"{module}/version.py", installed.path if installed else module)
    release = "" if cuda == "None" or build is not Build.CUDA else cuda or read_tag(version)
    yield Framework(
        evidence=seen.evidence,
        name="torch",
        version=version,
        environment=site.path,
        build=build,
        cuda=release,
        cudnn=pins.get("cudnn", ""),
        source="torch/version.py" if values else "the wheel's version",
        libraries=tuple(sorted(set(libraries))),
        distributions=tell(installed) if installed else (),
        instruction=seen.instruction,
    )


def find_tensorflow(site: Site, context: FactContext) -> Iterator[Framework]:
    """TensorFlow, by its build_info.py."""
    installed = site.find(*TENSORFLOW)
    if installed is None:
        return
    path = f"{site.path}/tensorflow/python/platform/build_info.py"
    values = read_values(context, path)
    row = find_release(context.policies.frameworks.tensorflow, installed.version)
    is_cuda = values.get("is_cuda_build", "")
    build = {"True": Build.CUDA, "False": Build.CPU}.get(is_cuda, Build.UNKNOWN)
    if values.get("is_rocm_build") == "True":
        build = Build.ROCM
    elif build is Build.UNKNOWN and "cpu" in installed.name:
        build = Build.CPU
    seen = see(context, path, installed.path)
    yield Framework(
        evidence=seen.evidence,
        name="tensorflow",
        version=installed.version,
        environment=site.path,
        build=build,
        cuda=_choose(values.get("cuda_version", ""), row, "cuda") if build is Build.CUDA else "",
        cudnn=_choose(values.get("cudnn_version", ""), row, "cudnn") if build is Build.CUDA else "",
        source="tensorflow's build_info.py" if values else "the table of releases",
        distributions=tell_distributions(site, *TENSORFLOW),
        instruction=seen.instruction,
    )


def find_jax(site: Site, context: FactContext) -> Iterator[Framework]:
    """JAX, by its distributions."""
    installed = site.find("jax", "jaxlib")
    if installed is None:
        return
    names = [each.name for each in site.distributions if JAX.fullmatch(each.name)]
    plugin = site.find(*sorted((name for name in names if name.endswith("-plugin")), reverse=True))
    library = site.find("jaxlib")
    tag = read_tag(library.version.partition("+")[2]) if library else ""
    row = None
    if plugin is not None:
        rows = context.policies.frameworks.jax_plugins.get(plugin.name, ())
        row = find_release(rows, plugin.version)
        tag = re.sub(r"\D", "", plugin.name)
    seen = see(context, installed.path)
    yield Framework(
        evidence=seen.evidence,
        name="jax",
        version=installed.version,
        environment=site.path,
        build=Build.CUDA if tag else Build.CPU,
        cuda=_choose(tag, row, "cuda") if tag else "",
        cudnn=_floor(row.cudnn) if row is not None else "",
        source=f"the name of {plugin.name}" if plugin else "jaxlib's version",
        libraries=list_names(context, f"{site.path}/jax_plugins", "xla_cuda"),
        distributions=tell_distributions(site, *names),
        instruction=seen.instruction,
    )


def find_onnxruntime(site: Site, context: FactContext) -> Iterator[Framework]:
    """ONNX Runtime, by its providers and its build information."""
    installed, folder = site.find(*ONNXRUNTIME), f"{site.path}/onnxruntime/capi"
    if installed is None:
        return
    values = read_values(context, f"{folder}/version_info.py")
    values |= read_values(context, f"{folder}/build_and_package_info.py")
    providers = list_names(context, folder, "libonnxruntime_providers_")
    has_provider = "libonnxruntime_providers_cuda.so" in providers
    build = Build.CUDA if has_provider or installed.name.endswith("-gpu") else Build.CPU
    row = find_release(context.policies.frameworks.onnxruntime_gpu, installed.version)
    is_cuda = build is Build.CUDA
    seen = see(context, f"{folder}/libonnxruntime_providers_cuda.so", installed.path)
    yield Framework(
        evidence=seen.evidence,
        name="onnxruntime",
        version=installed.version,
        environment=site.path,
        build=build,
        cuda=_choose(values.get("cuda_version", ""), row, "cuda") if is_cuda else "",
        cudnn=_choose(values.get("cudnn_version", ""), row, "cudnn") if is_cuda else "",
        source="its build information" if values.get("cuda_version") else "the table of releases",
        libraries=providers,
        distributions=tell_distributions(site, *ONNXRUNTIME),
        instruction=seen.instruction,
    )


def find_ctranslate2(site: Site, context: FactContext) -> Iterator[Framework]:
    """CTranslate2, whose wheels for x86-64 compute on CUDA."""
    installed = site.find("ctranslate2")
    if installed is None:
        return
    row = find_release(context.policies.frameworks.ctranslate2, installed.version)
    seen = see(context, installed.path)
    yield Framework(
        evidence=seen.evidence,
        name="ctranslate2",
        version=installed.version,
        environment=site.path,
        build=Build.CUDA if context.image.config.architecture == "amd64" else Build.UNKNOWN,
        cuda=_floor(row.cuda) if row else "",
        cudnn=_floor(row.cudnn) if row else "",
        source="the table of releases",
        distributions=tell(installed),
        instruction=seen.instruction,
    )


def find_tensorrt(site: Site, context: FactContext) -> Iterator[Framework]:
    """TensorRT's Python package."""
    installed = site.find("tensorrt-cu13", "tensorrt-cu12", "tensorrt-cu11", "tensorrt")
    if installed is None:
        return
    seen = see(context, installed.path)
    yield Framework(
        evidence=seen.evidence,
        name="tensorrt",
        version=installed.version,
        environment=site.path,
        build=Build.CUDA,
        cuda=read_tag(installed.name),
        source="the wheel's name",
        distributions=tell(installed),
        instruction=seen.instruction,
    )


def _choose(found: str, row: CudaRow | object | None, what: str) -> str:
    """What a framework says itself, made more exact by the table where both name one major version."""
    floor = _floor(str(getattr(row, what, "")))
    if not found:
        return floor
    return floor if major(found) == major(floor) and "." not in found else found


def _floor(text: str) -> str:
    """The lower end of a range."""
    try:
        ends: Sequence[str] = [each.version for each in SpecifierSet(text) if each.operator in {">=", "==", "~="}]
    except InvalidSpecifier:
        return ""
    return next(iter(ends), "")
