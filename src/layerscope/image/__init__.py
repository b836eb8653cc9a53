"""What an image is: the immutable OCI view, without network or disk."""
