"""What the console and the command line ask of PostgreSQL: a copy of the topics that can be made again from them."""
