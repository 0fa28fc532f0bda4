"""Folders of videos."""
