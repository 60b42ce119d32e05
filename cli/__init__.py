"""The command line: a driving adapter of the operations.

In the order of their dependencies:

- ``settings``: what a command runs with, from its options and the environment
- ``output``: the standard streams
- ``exit_codes``: the exit code and the advice for each error
- ``advice/``: the next step for a person who meets an error
- ``demo/``: the content of ``manyfest demo``
- ``process/``: the process, from the console script to the command that it names
- ``schemas/``: JSON Schemas of outputs and files
- ``rendering/``: results as text and JSON
- ``wiring``: sessions of the composition root (``manyfest.assembly``) that talk to a terminal
- ``arguments/``: arguments and options, parsed into the domain's values
- ``flows/``: the work that several commands share
- ``explorer/``: the store as pages for a browser
- ``server/``: the cache, or a bundle, as a read-only registry
- ``commands/``: one command a file
"""
