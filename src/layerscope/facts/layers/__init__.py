"""Facts about the layers themselves: proof, weight, waste, build times."""
