"""The HTML format: one page that a browser opens from disk, without a server and without a network."""
