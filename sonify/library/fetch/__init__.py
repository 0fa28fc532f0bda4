"""Fetching well-known free libraries: shown with size and licence, resumed, checked, unpacked safely, labelled.

table: which there are (lists.yaml). network: one file over HTTPS. zips, unpack: archives. sheet: labels.csv.
freesound, bbc: libraries that are fetched sound by sound. get: all of it together.
"""
