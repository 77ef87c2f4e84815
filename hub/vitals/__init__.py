"""What a running process says of itself: figures for Prometheus, and whether it lives, is ready, and gets on."""
