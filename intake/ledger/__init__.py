"""Rows written in the caller's transaction. Nothing here commits."""
