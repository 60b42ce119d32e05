"""Results of commands that copy more than one image.

- ``promotion``: the proof of a promotion, as text and JSON
"""
