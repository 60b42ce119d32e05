"""Images that arguments and files name.

- ``images_asked``: their names, places and platforms
- ``fill_mirror``: ``cache fetch --through``
- ``verify_fleet``: ``verify`` of many images
"""
