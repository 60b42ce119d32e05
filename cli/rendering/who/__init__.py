"""Dependents of a digest, as ``who`` shows them.

* ``dependents_table``: a table and text, or JSON.
"""
