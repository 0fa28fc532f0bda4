"""Reads the picture: frames with exact times, scenes."""
