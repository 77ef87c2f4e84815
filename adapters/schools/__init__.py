"""The portal by which schools, which have no Kafka and no IT team, receive notifications and answer them."""
