"""The pipeline that joins source, layers, tree, facts and rules."""
