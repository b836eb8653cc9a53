/* A stand-in for NVIDIA's libnvidia-ml.so.1: every answer comes from the environment. */
#include <stdio.h>
#include <stdlib.h>

int nvmlInit_v2(void) {
  const char *text = getenv("STUB_NVML");
  return text ? atoi(text) : 0;
}

int nvmlSystemGetDriverVersion(char *version, unsigned size) {
  snprintf(version, size, "550.54.14");
  return 0;
}
