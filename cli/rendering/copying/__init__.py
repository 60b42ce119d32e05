"""Results of commands that copy more than one image.

- ``repository``: the outcome of copying many tags
- ``promotion``: the proof of a promotion, as text and JSON
"""
