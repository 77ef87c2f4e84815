"""The door for agencies with no Kafka: CloudEvents over HTTPS in, an inbox to list, fetch and acknowledge out."""
