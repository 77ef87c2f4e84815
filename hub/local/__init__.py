"""Real Kafka, Redis and PostgreSQL on one machine, with nothing but Python installed."""
