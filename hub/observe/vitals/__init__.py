"""What projector and export of traces say of themselves, and what the tables say of hub and agencies."""
