"""From cue sheet to sound to file."""
