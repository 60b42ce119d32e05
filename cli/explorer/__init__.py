"""The explorer: the store as pages for a browser, read-only and without a network (ADR 0055).

In dependency order, what is imported first:

- ``page``: the value that a page is: data for programs and templates, and a command
- ``library``: the store as pages read it, opened again for each request
- ``pages``: what each page shows, a module a kind
- ``links``: the addresses of pages, on a server and in exported files
- ``html``: pages as HTML: templates, and the forms of sizes, times and digests
- ``access``: who may read: hosts, the token, the cookie, and the headers of every answer
- ``fetching``: the one thing that asks a registry: the button that fetches what is not cached
- ``opening``: the packages it needs, and the address that is printed
- ``application``: addresses to pages, as an ASGI application
- ``server``: the application on a socket of this machine
- ``export``: all pages as files

Starlette, uvicorn and Jinja2 are the extra ``explore``, and are imported by ``html``,
``application`` and ``server`` alone. No other command imports this package.
"""
