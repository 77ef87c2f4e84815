"""The faults: each is a coroutine that hurts a hub or its servers, says when it struck, and heals what it hurt."""
