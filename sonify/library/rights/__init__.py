"""Licences: their names, which of them may be used, and the credit that they ask for."""
