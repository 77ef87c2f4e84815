"""The operations console: what became of every notification, what is stuck, and putting it right, in a browser."""
