"""The pages: server-rendered, without scripts."""
