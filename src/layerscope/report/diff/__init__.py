"""Two images compared: the summary that a person reads, a page for a merge request, and plain data."""
