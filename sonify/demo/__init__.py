"""The sample film, drawn by code, and the picture that shows a cue sheet over its video."""
