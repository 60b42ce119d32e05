"""Lists declared in YAML, in the format of manifest-tool.

- ``yaml_nodes``: YAML documents as nodes with line numbers
- ``spec_yaml``: list specs from such nodes
"""
