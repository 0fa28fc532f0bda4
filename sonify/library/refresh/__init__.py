"""Bringing a catalogue up to date with its folder, looking only at what changed."""
