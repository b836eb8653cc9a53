"""Stage `kernel`: a kernel of our own, compiled by the driver from PTX, launched and checked, without any framework."""

import time
from typing import Any, Dict, Tuple

from layerscope.probe.payload.driver import DRIVER_LIBRARY, load_library, name_code
from layerscope.probe.payload.records import shorten
from layerscope.probe.payload.stages import FailedStage, SkippedStage

PTX = """
.version 5.0
.target sm_50
.address_size 64
.visible .entry layerscope_probe(.param .u64 values, .param .u32 count)
{
    .reg .pred %beyond;
    .reg .b32 %r<8>;
    .reg .b64 %a<4>;
    ld.param.u64 %a1, [values];
    ld.param.u32 %r1, [count];
    mov.u32 %r2, %ctaid.x;
    mov.u32 %r3, %ntid.x;
    mov.u32 %r4, %tid.x;
    mad.lo.u32 %r5, %r2, %r3, %r4;
    setp.ge.u32 %beyond, %r5, %r1;
    @%beyond bra DONE;
    cvta.to.global.u64 %a2, %a1;
    mul.wide.u32 %a3, %r5, 4;
    add.u64 %a2, %a2, %a3;
    ld.global.u32 %r6, [%a2];
    mad.lo.u32 %r7, %r6, 3, %r5;
    st.global.u32 [%a2], %r7;
DONE:
    ret;
}
"""
"""Each value becomes three times itself and its place. Old PTX for an old GPU: every driver compiles it for its own."""

COUNT, BLOCK = 4096, 128
LOG_SIZE = 8192
INFO_LOG, INFO_LOG_SIZE, ERROR_LOG, ERROR_LOG_SIZE = 3, 4, 5, 6


def run_kernel() -> Tuple[str, Dict[str, Any]]:
    """Compile, launch, compare; raises FailedStage with the step and the code that ended it."""
    try:
        kernel = _Kernel(load_library(DRIVER_LIBRARY))
    except OSError:
        raise SkippedStage("no driver library") from None
    return kernel.run()


class _Kernel:
    """Calls of the driver API, each of which must succeed."""

    def __init__(self, driver: Any) -> None:
        import ctypes

        self._driver, self._c = driver, ctypes
        self._seconds: Dict[str, float] = {}
        self._values: Dict[str, Any] = {"seconds": self._seconds}

    def run(self) -> Tuple[str, Dict[str, Any]]:
        """Everything in turn."""
        c = self._c
        device, context = c.c_int(0), c.c_void_p()
        self._call("cuInit", 0)
        self._call("cuDeviceGet", c.byref(device), 0)
        self._call("cuDevicePrimaryCtxRetain", c.byref(context), device)
        self._call("cuCtxSetCurrent", context)
        self._measure_memory()
        function = self._compile()
        first = self._launch(function)
        second = self._launch(function)
        self._values["first_launch"], self._values["second_launch"] = first, second
        self._driver.cuDevicePrimaryCtxRelease_v2(device)
        return f"compiled in {self._seconds['cuModuleLoadDataEx']:.2f} s, {COUNT} values right", self._values

    def _call(self, name: str, *arguments: Any) -> None:
        began = time.monotonic()
        try:
            code = getattr(self._driver, name)(*arguments)
        except AttributeError:
            raise FailedStage("driver-incomplete", f"the driver library has no {name}", self._values) from None
        self._seconds[name] = round(time.monotonic() - began, 5)
        if code:
            kind = {209: "no-kernel-image", 222: "ptx-refused", 218: "ptx-refused", 221: "no-ptx-compiler"}
            raise FailedStage(kind.get(code, "driver-error"), f"{name}: {name_code(code)}", self._values)

    def _measure_memory(self) -> None:
        free, total = self._c.c_size_t(0), self._c.c_size_t(0)
        self._call("cuMemGetInfo_v2", self._c.byref(free), self._c.byref(total))
        self._values["memory"] = {"free": free.value, "total": total.value}

    def _compile(self) -> Any:
        c = self._c
        told, failed = c.create_string_buffer(LOG_SIZE), c.create_string_buffer(LOG_SIZE)
        names = (c.c_int * 4)(INFO_LOG, INFO_LOG_SIZE, ERROR_LOG, ERROR_LOG_SIZE)
        places = (c.cast(told, c.c_void_p), c.c_void_p(LOG_SIZE), c.cast(failed, c.c_void_p), c.c_void_p(LOG_SIZE))
        module, function = c.c_void_p(), c.c_void_p()
        try:
            text = c.c_char_p(PTX.encode("ascii"))
            self._call("cuModuleLoadDataEx", c.byref(module), text, 4, names, (c.c_void_p * 4)(*places))
        finally:
            log = (failed.value or told.value).decode("utf-8", "replace").strip()
            self._values["log"] = shorten(log, 600)
        self._call("cuModuleGetFunction", c.byref(function), module, b"layerscope_probe")
        return function

    def _launch(self, function: Any) -> float:
        """Seconds of a launch, with its result compared."""
        c = self._c
        numbers, memory, count = (c.c_uint32 * COUNT)(*range(COUNT)), c.c_uint64(0), c.c_uint32(COUNT)
        size = c.c_size_t(c.sizeof(numbers))
        self._call("cuMemAlloc_v2", c.byref(memory), size)
        self._call("cuMemcpyHtoD_v2", memory, c.byref(numbers), size)
        arguments = (c.c_void_p * 2)(c.cast(c.byref(memory), c.c_void_p), c.cast(c.byref(count), c.c_void_p))
        began = time.monotonic()
        grid = (COUNT // BLOCK, 1, 1, BLOCK, 1, 1)
        self._call("cuLaunchKernel", function, *grid, 0, None, arguments, None)
        self._call("cuCtxSynchronize")
        seconds = time.monotonic() - began
        self._call("cuMemcpyDtoH_v2", c.byref(numbers), memory, size)
        self._call("cuMemFree_v2", memory)
        wrong = sum(1 for place, value in enumerate(numbers) if value != 4 * place)
        if wrong:
            raise FailedStage("wrong-result", f"{wrong} of {COUNT} values are wrong", self._values)
        return round(seconds, 6)
