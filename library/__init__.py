"""The library's façade: what ``import manyfest`` offers, over the same operations as the program.

A driving adapter beside ``cli``: it parses arguments, opens sessions of ``assembly``, calls
operations, and returns their values. It prints nothing, and decides nothing that an operation does
not. Public names are those of ``manyfest.__all__``; these modules are private.

- ``client``: ``Client`` and ``inspect``
- ``views``, ``attachments``, ``publishing``, ``copying``, ``access``: its methods, by kind
- ``cache``: ``client.cache``
- ``images``, ``drafts``: what ``inspect`` and ``create`` return
- ``composing``, ``publication``, ``copies``: the steps of methods that write
- ``results``: results of methods that write
- ``inputs``: arguments as the domain's values
- ``calls``: sessions over kept connections, in threads
- ``testing``: images, recordings and fixtures for tests
"""
