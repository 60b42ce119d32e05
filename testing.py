"""Help for tests of programs that use the library: a registry in memory, images, recordings.

With pytest, the fixtures ``manyfest_client``, ``manyfest_registry`` and ``manyfest_store`` are
there wherever manyfest is installed.
"""

from manyfest.adapters.memory import MemoryRegistry
from manyfest.adapters.recorded import Recording
from manyfest.library.testing.images import add_image, add_list

__all__ = ["MemoryRegistry", "Recording", "add_image", "add_list"]
