"""What the container will see: the merged tree of all layers."""
