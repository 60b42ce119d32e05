"""Results of ``outdated``.

- ``outdated_table``: a table, or JSON
- ``change_words``: what changed, in a sentence
"""
