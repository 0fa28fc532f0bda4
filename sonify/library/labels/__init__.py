"""From names to labels, and from labels to phrases that describe what is seen."""
