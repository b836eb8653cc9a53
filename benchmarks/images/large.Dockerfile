# A CUDA PyTorch image: one layer of several gigabytes.
ARG BASE
FROM ${BASE}
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca PIP_CONFIG_FILE=/run/secrets/pip \
    pip3 install --no-cache-dir --break-system-packages torch
RUN --mount=type=secret,id=pip --mount=type=secret,id=ca PIP_CONFIG_FILE=/run/secrets/pip \
    pip3 install --no-cache-dir --break-system-packages transformers accelerate
