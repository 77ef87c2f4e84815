"""The language that agencies speak: events, identifiers, topics, the directory."""
