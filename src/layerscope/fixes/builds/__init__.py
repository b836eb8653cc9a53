"""An image built again by the builder of its engine."""
