/* A stand-in for NVIDIA's libnvidia-ml.so.1: every answer comes from the environment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int nvmlInit_v2(void) {
  const char *text = getenv("STUB_NVML");
  return text ? atoi(text) : 0;
}

int nvmlSystemGetDriverVersion(char *version, unsigned size) {
  snprintf(version, size, "550.54.14");
  return 0;
}

int nvmlDeviceGetHandleByPciBusId_v2(const char *address, void **device) {
  *device = (void *)1;
  return strcmp(address, "0000:3B:00.0") != 0;
}

int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *sizes) {
  (void)device;
  sizes[0] = 80ULL << 30;
  sizes[1] = 60ULL << 30;
  sizes[2] = 20ULL << 30;
  return 0;
}
