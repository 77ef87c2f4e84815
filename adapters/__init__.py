"""The edges: one folder an agency system."""
