"""The scenes of the sample film: one file each, with `draw(t) -> Light` for `t` seconds from its start."""
