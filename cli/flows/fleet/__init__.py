"""Images that arguments and files name.

- ``images_asked``: their names, places and platforms
- ``verify_fleet``: ``verify`` of many images
"""
