"""CUDA libraries, device code, frameworks, and what the image declares of drivers and GPUs."""
