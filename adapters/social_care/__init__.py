"""The adapter of a local authority's children's case system: tables in the system's own PostgreSQL."""
