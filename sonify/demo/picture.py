"""A picture of a cue sheet over its video."""
