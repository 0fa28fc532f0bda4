"""Image-text models behind one small interface."""
