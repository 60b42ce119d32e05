"""The flow of ``outdated``.

- ``image_list``: the check of the images that arguments and files name
- ``watch``: the same check again and again, and a command for each change
"""
