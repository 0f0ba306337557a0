"""Decisions: pure functions and frozen values. No framework, no SQL and no clock: ``now`` is always an argument."""
