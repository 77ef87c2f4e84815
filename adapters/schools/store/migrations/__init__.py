"""How the portal's tables came to be, step by step; a step that is in service is never edited."""
