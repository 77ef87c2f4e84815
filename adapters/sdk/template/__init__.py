"""An adapter to begin with: a case system that exchanges JSON files in folders."""
