"""The fault suite: a hub under load is hurt by a seeded plan, and the topics are then judged."""
