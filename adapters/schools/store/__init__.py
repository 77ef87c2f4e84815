"""The portal's own store in PostgreSQL."""
