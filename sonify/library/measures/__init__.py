"""Measures of samples, each fed block by block: float32 [C, N], one row a channel, all of them finite."""
