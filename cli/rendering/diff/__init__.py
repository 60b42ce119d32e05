"""The result of ``diff`` as text and as JSON.

- ``diff_steps``: the layers of two images side by side
- ``diff_text``: all that differs, as lines
- ``diff_json``: the same for programs
"""
