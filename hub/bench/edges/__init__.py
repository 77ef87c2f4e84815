"""Measures an adapter's two edges beside the bare store write, in one run, and prints the ratios."""
