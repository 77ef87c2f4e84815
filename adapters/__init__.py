"""The edges: one folder an agency system, one line here."""

ADAPTERS: tuple[str, ...] = ("gateway", "health", "police", "schools", "social_care")
"""Names of the folders beside this file, each with a `declaration.py`; imported when one is run, not before."""
