"""Reference data, byte for byte as published; README.md says by whom and under which licence."""
