"""Invented families, real organisations: events for tests, load and the demo."""
