"""What is known of a library, in one SQLite file."""
