"""Commands that set up registries, docker and this program.

- ``login``: save credentials for a registry
- ``logout``: remove them
- ``auth_why``: explain which credentials are used
- ``doctor``: report on this installation, or on a registry
- ``plugin_install``: install the docker plugin
- ``completion``: print the script of a shell's completion
- ``schema``: print the JSON Schemas of outputs and files
- ``import_docker``: import the drafts of ``docker manifest``
- ``demo``: make a list in a folder, without a network
"""
