"""What every adapter stands on."""
