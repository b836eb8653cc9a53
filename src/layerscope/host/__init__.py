"""This host: its engines, its driver and GPUs, and what containers get of them."""
