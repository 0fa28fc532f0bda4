"""Finding sounds by words, by meaning and by sound."""
