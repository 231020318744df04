"""A flow for each feature of the language, compiled to every target as golden files and run here with its artifacts asserted."""
