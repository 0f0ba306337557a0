"""Reads: one function, one SQL, one frozen row type."""
