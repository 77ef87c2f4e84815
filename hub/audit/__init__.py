"""`dolen audit`: recomputes from the topics alone what the hub should have done; shares no code with the hub's path."""
