"""Files that use images, read as the domain's values.

- ``dot_env``: variables beside a compose file
- ``image_file``: chooses the reader of a file by its name and content
- ``promotion_file``: files of promotions
- ``yaml_trees``: YAML documents as trees with line numbers
"""
