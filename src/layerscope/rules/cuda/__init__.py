"""Rules about CUDA: whether the image computes on a GPU, on which, and with which driver."""

from typing import Final

from layerscope.rules.cuda.baked_driver_library import BakedDriverLibrary
from layerscope.rules.cuda.build_time_gpu_query import BuildTimeGpuQuery
from layerscope.rules.cuda.compat_library_on_path import CompatLibraryOnPath
from layerscope.rules.cuda.conda_beside_wheels import CondaBesideWheels
from layerscope.rules.cuda.container_runtime_in_image import ContainerRuntimeInImage
from layerscope.rules.cuda.cpu_only_torch import CpuOnlyTorch
from layerscope.rules.cuda.cuda_compiler_mismatch import CudaCompilerMismatch
from layerscope.rules.cuda.cuda_stub_on_path import CudaStubOnPath
from layerscope.rules.cuda.development_files_in_final_image import DevelopmentFilesInFinalImage
from layerscope.rules.cuda.disabled_compilation import DisabledCompilation
from layerscope.rules.cuda.driver_below_floor import DriverBelowFloor
from layerscope.rules.cuda.driver_older_than_toolkit import DriverOlderThanToolkit
from layerscope.rules.cuda.driver_without_gpu import DriverWithoutGpu
from layerscope.rules.cuda.dropped_architecture import DroppedArchitecture
from layerscope.rules.cuda.excessive_driver_capabilities import ExcessiveDriverCapabilities
from layerscope.rules.cuda.foreign_host_processor import ForeignHostProcessor
from layerscope.rules.cuda.framework_cuda_mismatch import FrameworkCudaMismatch
from layerscope.rules.cuda.hard_coded_nccl_setting import HardCodedNcclSetting
from layerscope.rules.cuda.hard_coded_visible_devices import HardCodedVisibleDevices
from layerscope.rules.cuda.incomplete_cuda_library import IncompleteCudaLibrary
from layerscope.rules.cuda.jax_on_cpu import JaxOnCpu
from layerscope.rules.cuda.jit_only_device_code import JitOnlyDeviceCode
from layerscope.rules.cuda.locked_memory_limit import LockedMemoryLimit
from layerscope.rules.cuda.missing_bitsandbytes_library import MissingBitsandbytesLibrary
from layerscope.rules.cuda.missing_device_code import MissingDeviceCode
from layerscope.rules.cuda.missing_driver_capabilities import MissingDriverCapabilities
from layerscope.rules.cuda.missing_triton_compiler import MissingTritonCompiler
from layerscope.rules.cuda.mixed_cudnn import MixedCudnn
from layerscope.rules.cuda.mixed_nccl import MixedNccl
from layerscope.rules.cuda.onnxruntime_on_cpu import OnnxruntimeOnCpu
from layerscope.rules.cuda.partial_device_code import PartialDeviceCode
from layerscope.rules.cuda.ptx_newer_than_driver import PtxNewerThanDriver
from layerscope.rules.cuda.refused_driver import RefusedDriver
from layerscope.rules.cuda.runtime_newer_than_declared import RuntimeNewerThanDeclared
from layerscope.rules.cuda.runtime_older_than_declared import RuntimeOlderThanDeclared
from layerscope.rules.cuda.second_cuda_copy import SecondCudaCopy
from layerscope.rules.cuda.tensorflow_on_cpu import TensorflowOnCpu
from layerscope.rules.cuda.torch_extension_for_another_torch import TorchExtensionForAnotherTorch
from layerscope.rules.rule import Rule

RULES: Final[tuple[Rule, ...]] = (
    MissingDeviceCode(),
    PartialDeviceCode(),
    JitOnlyDeviceCode(),
    DriverBelowFloor(),
    PtxNewerThanDriver(),
    DroppedArchitecture(),
    DriverWithoutGpu(),
    DriverOlderThanToolkit(),
    ForeignHostProcessor(),
    SecondCudaCopy(),
    MixedCudnn(),
    MixedNccl(),
    IncompleteCudaLibrary(),
    FrameworkCudaMismatch(),
    CpuOnlyTorch(),
    OnnxruntimeOnCpu(),
    TensorflowOnCpu(),
    JaxOnCpu(),
    MissingBitsandbytesLibrary(),
    TorchExtensionForAnotherTorch(),
    BakedDriverLibrary(),
    CudaStubOnPath(),
    CompatLibraryOnPath(),
    MissingTritonCompiler(),
    HardCodedVisibleDevices(),
    MissingDriverCapabilities(),
    RuntimeOlderThanDeclared(),
    DevelopmentFilesInFinalImage(),
    BuildTimeGpuQuery(),
    ContainerRuntimeInImage(),
    ExcessiveDriverCapabilities(),
    RuntimeNewerThanDeclared(),
    CudaCompilerMismatch(),
    CondaBesideWheels(),
    RefusedDriver(),
    DisabledCompilation(),
    HardCodedNcclSetting(),
    LockedMemoryLimit(),
)
"""In order of their codes."""
