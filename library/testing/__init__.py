"""Help for tests of programs that use the library; public by ``manyfest.testing``.

- ``images``: small images and lists for a registry in memory
- ``pytest_plugin``: fixtures, found by pytest where manyfest is installed
"""
