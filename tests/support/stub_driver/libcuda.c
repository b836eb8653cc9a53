/* A stand-in for NVIDIA's libcuda.so.1: every answer comes from the environment, and nothing is computed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int answer(const char *name, int otherwise) {
  const char *text = getenv(name);
  return text ? atoi(text) : otherwise;
}

int cuInit(unsigned flags) { (void)flags; return answer("STUB_CUINIT", 0); }

int cuDriverGetVersion(int *version) { *version = answer("STUB_DRIVER", 12040); return 0; }

int cuDeviceGetCount(int *count) { *count = answer("STUB_COUNT", 1); return 0; }

int cuDeviceGet(int *device, int ordinal) {
  if (ordinal < 0 || ordinal >= answer("STUB_COUNT", 1)) return 101;
  *device = ordinal;
  return 0;
}

int cuDeviceGetName(char *name, int size, int device) {
  (void)device;
  snprintf(name, size, "Stub GPU");
  return 0;
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) { (void)device; *bytes = (size_t)80 << 30; return 0; }

int cuDeviceGetAttribute(int *value, int attribute, int device) {
  int capability = answer("STUB_CC", 90);
  (void)device;
  *value = attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : 132;
  return 0;
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
  (void)device;
  *context = (void *)1;
  return answer("STUB_CONTEXT", 999);
}

int cuCtxGetCurrent(void **context) {
  *context = answer("STUB_CONTEXT", 999) ? NULL : (void *)1;
  return 0;
}

int cuCtxGetDevice(int *device) { *device = 0; return 0; }

int cuDeviceGetPCIBusId(char *address, int size, int device) {
  (void)device;
  snprintf(address, size, "0000:3B:00.0");
  return 0;
}

int cuMemGetInfo_v2(size_t *free_bytes, size_t *total) {
  *total = (size_t)80 << 30;
  *free_bytes = (size_t)answer("STUB_FREE_GIB", 60) << 30;
  return 0;
}
