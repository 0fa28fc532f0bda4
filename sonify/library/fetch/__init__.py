"""Fetching well-known free libraries: shown with size and licence, resumed, checked, unpacked safely, labelled.

get: all of it together. table: which there are (lists.yaml). network, download: asking a server, and one file whole.
zips, unpack: archives. sheet: labels.csv. single, freesound, bbc: libraries that are fetched sound by sound. state:
what is done already.
"""
