"""Arguments and options of commands, parsed into the domain's values.

- ``options``: the options that commands share, and the number of arguments
- ``push_options``: the options of ``push`` and ``create --push``
- ``copy_options``: those of ``copy`` and ``promote``
- ``option_values``: options of a few commands; values such as ``KEY=VALUE`` and lists
- ``credentials``: a login from standard input or a variable
- ``listen_address``: addresses to listen at
- ``input_files``: files of documents, such as specs and locks
- ``reference_files``: files with a reference a line
- ``result_files``: files that a command writes, such as ``--digest-file``
"""
