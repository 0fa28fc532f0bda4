"""Makes every sound of the starter library from nothing: noise, decaying modes, harmonics and events on a circle.

`python -m sound_library.synthesis --out DIR` writes them all again. A sound's random numbers are seeded by its
file name alone, so one sound can change without disturbing the others.
"""
