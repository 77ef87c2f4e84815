"""The middle: verify, validate, deduplicate, route, minimise, deliver, trace."""
