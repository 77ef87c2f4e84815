"""The demo: the whole of it on one machine, checked by counting."""
