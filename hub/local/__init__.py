"""The local stack: real Kafka, Redis and PostgreSQL on one machine, with nothing but Python installed."""
