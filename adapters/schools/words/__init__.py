"""What the portal says, in Welsh and in English."""
