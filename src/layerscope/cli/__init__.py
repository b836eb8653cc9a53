"""How layerscope is asked."""
