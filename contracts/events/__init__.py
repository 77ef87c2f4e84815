"""One module a family of events."""
