"""Sounds, their labels and their licences."""
