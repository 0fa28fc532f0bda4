"""Which sound, and when."""
