"""How the topics become rows in PostgreSQL."""
