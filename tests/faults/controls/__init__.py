"""Hubs that are built wrong on purpose: a verdict that does not catch each of them proves nothing."""
