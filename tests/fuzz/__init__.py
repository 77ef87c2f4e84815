"""Coverage-guided fuzzing of everything that reads what others wrote, and the corpus that came of it."""
