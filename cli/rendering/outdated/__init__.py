"""Results of ``outdated``.

- ``outdated_table``: a table, or JSON
- ``pulls_left``: the pulls that a registry has left for us
- ``change_words``: what changed, in a sentence
"""
