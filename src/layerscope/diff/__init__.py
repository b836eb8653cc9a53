"""What changed between two images: config, history, layers, files, packages, GPUs, findings, and what it means."""
