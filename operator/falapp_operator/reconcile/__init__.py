"""Gather, decide, apply: one pass over one object."""
