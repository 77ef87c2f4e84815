"""Measures the hub against what the same broker can do at best, in one run, and prints the ratios."""
