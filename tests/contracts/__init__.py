"""Contract suites of the ports, shipped as ``manyfest.contracts``: for our adapters and others'.

An adapter is right when a subclass of its suite passes (ADR 0026). They need pytest, and hypothesis
for draft books and stores; the extra ``contracts`` brings both.
"""

import pytest

_SUITES = (
    *("catalogue", "content_store", "draft_book", "garbage_collector", "host_book", "integrity"),
    *("layer_store", "queries", "referrers", "registry", "store"),
)

pytest.register_assert_rewrite(*(f"{__name__}.{suite}" for suite in _SUITES))
