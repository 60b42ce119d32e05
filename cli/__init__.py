"""The command line: a driving adapter of the operations, and the composition root.

In the order of their dependencies:

- ``settings``: what a command runs with, from its options and the environment
- ``output``: the standard streams
- ``exit_codes``: the exit code and the advice for each error
- ``advice/``: the next step for a person who meets an error
- ``demo/``: the content of ``manyfest demo``
- ``process/``: the process, from the console script to the command that it names
- ``schemas/``: JSON Schemas of outputs and files
- ``rendering/``: results as text and JSON
- ``assembly/``: the parts of the composition root
- ``wiring``: the composition root; a session has the ports of one command
- ``arguments/``: arguments and options, parsed into the domain's values
- ``flows/``: the work that several commands share
- ``commands/``: one command a file
"""
