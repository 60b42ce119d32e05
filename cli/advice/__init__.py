"""Advice: the next step for a person who meets an error, loaded when one has occurred.

In the order of their dependencies:

- ``usage``: commands and flags that do not exist, numbers of arguments
- ``references``: texts that are no references
- ``drafts``: drafts and published images that are taken for each other
- ``remedies``: the options that are a way out of an error
- ``workflow_commands``: an error as GitHub shows it on the page of a run
- ``advise``: the advice on an error, from these and from the table of ``exit_codes``
"""
