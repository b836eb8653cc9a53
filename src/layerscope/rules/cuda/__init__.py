"""Rules about CUDA: whether the image computes on a GPU, on which, and with which driver."""

from typing import Final

from layerscope.rules.cuda.driver_below_floor import DriverBelowFloor
from layerscope.rules.cuda.driver_older_than_toolkit import DriverOlderThanToolkit
from layerscope.rules.cuda.driver_without_gpu import DriverWithoutGpu
from layerscope.rules.cuda.dropped_architecture import DroppedArchitecture
from layerscope.rules.cuda.jit_only_device_code import JitOnlyDeviceCode
from layerscope.rules.cuda.missing_device_code import MissingDeviceCode
from layerscope.rules.cuda.partial_device_code import PartialDeviceCode
from layerscope.rules.cuda.ptx_newer_than_driver import PtxNewerThanDriver
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
)
"""In order of their codes."""
