"""The commands ``imagetools``: buildx's options, arguments and output (ADR 0052).

- ``options``: options that both commands take
- ``create``: the list that the options of ``imagetools create`` describe
- ``summary``: the text that ``imagetools inspect`` prints
- ``template``: the forms of ``--format``
- ``fields``: the values that they show
"""
