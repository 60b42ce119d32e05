"""The version of this release.

A constant, because reading the installed metadata takes as long as a command runs.
"""

VERSION = "0.2.0"
