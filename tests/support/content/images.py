"""To go."""

from manyfest.contracts.images import *  # noqa: F403
from manyfest.contracts.images import _manifest  # noqa: F401
