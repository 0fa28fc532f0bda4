"""The methods that the pipeline is measured against, re-implemented by us from their descriptions.

All see a clip through the same `Glance` and know the same `Words`; each makes an Outcome of it.
"""
