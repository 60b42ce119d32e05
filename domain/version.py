"""The version of this release; the installed metadata take as long to read as a command runs."""

VERSION = "0.1.0"
