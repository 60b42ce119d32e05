"""Bytes on sockets: an httpx transport that ends in time.

In dependency order:

- ``slim_httpx``: httpx without its command line; import it from here
- ``proxies``: which proxy is on the way to a server (HTTPS_PROXY, HTTP_PROXY, NO_PROXY)
- ``tls``: TLS contexts: the system's roots, certs.d, or no verification
- ``keep_alive``: which kept connections may carry another request
- ``sockets``: look-up, TCP and TLS handshake under a deadline, of the standard library alone
- ``early_connections``: connections that are opened while the HTTP client is imported
- ``network_backend``: sockets under a deadline, for httpcore, early ones first
- ``lent_transport``: a transport that its owner closes
- ``large_bodies``: bodies of layers, read past httpcore and h11
- ``tls_in_tls``: TLS through an ``https://`` proxy
- ``proxy_pools``: pools of connections through HTTP and SOCKS proxies, and their errors
- ``httpx_transport``: DeadlineTransport, and the httpx.Client that uses it
- ``bodies``: reading response bodies, bounded
"""
