"""Files that use images, read as the domain's values.

- ``image_file``: chooses the reader of a file by its name and content
- ``yaml_trees``: YAML documents as trees with line numbers
"""
