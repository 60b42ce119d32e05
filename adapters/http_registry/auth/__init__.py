"""Authorisation at one registry host: from its challenge to the ``Authorization`` header.

Modules in dependency order:

- ``scope``: token scopes, and what a request needs permission for
- ``challenge``: parse ``WWW-Authenticate``
- ``realm_policy``: which token server may be asked, and whether it gets credentials
- ``bearer``: token requests and answers, and the Basic header
- ``masking``: text from servers without the secrets that they were sent
- ``authorizer``: states of a host, and the cache of tokens
"""
