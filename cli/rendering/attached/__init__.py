"""Results of the commands that show what is attached to an image.

- ``documents_table``: ``attached``
- ``sbom_table``: ``sbom``
- ``provenance_text``: ``provenance``
- ``trust``: the words and the command line about signatures
"""
