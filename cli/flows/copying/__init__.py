"""Flows of commands that copy more than one image.

- ``promotion``: survey, copy, prove, and then move the tags
- ``repositories``: the tags of whole repositories
- ``sides``: the logins and connections of a source and a target
"""
