"""The views of ``show``.

- ``tree``: nodes in aligned columns that fit the screen
- ``list_tree``: a list, a draft or an artifact, as such a tree
- ``image_text``: an image with its config and history
- ``show_json``: all of it as JSON
"""
