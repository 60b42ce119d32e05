"""The process: start, signals, the command that runs, and the exit code.

- ``signals``: Ctrl-C and the signals that end a process
- ``console_script``: ``manyfest``, from the first import to the exit
- ``docker_plugin``: ``docker manyfest``, the same program as docker starts it
- ``pflag``: argument parsing by docker's rules
- ``command``: a command's options, declared and read
- ``command_group``: the table of commands, imported on demand
- ``summaries``: the first line of each command's help
- ``help``, ``group_help``: the help of a command, and of a group
- ``completion``: completion in the shell; ``completion_values``, ``completion_scripts``
- ``main``: one command line, from its arguments to its exit code
"""
