"""The probe for images without Python: one script for any POSIX shell."""
