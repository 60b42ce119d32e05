"""The work that several commands share, between them and the operations.

A flow calls operations, draws progress, and prints notes and warnings.

- ``checks``: warnings about drafts, and what stays behind
- ``compose``: ``create`` and ``add``
- ``error_warnings``: warnings of errors in what is published
- ``interruptions``: Ctrl-C in a transfer, and how much the next run goes on with
- ``publish``: ``push``, ``create --push``, ``apply`` and ``publish``
- ``publish_specs``: ``apply``, ``publish`` and ``imagetools create``
- ``release``: the release that the options of ``publish`` describe
- ``imagetools``: what ``imagetools create`` and ``imagetools inspect`` take and print
- ``pipeline_outputs``: results of ``publish`` for the next step of a pipeline
- ``conversion``: ``--convert``
- ``spec_files``: ``apply`` and ``lock``
- ``fetch_many``: ``cache fetch``
- ``inspect_image``: ``inspect --platform`` and ``inspect --config``
- ``inspect_many``: ``inspect -f``
- ``outdated/``: ``outdated``
- ``fleet/``: images that files name, and ``verify`` of them
- ``copying/``: ``promote``, and ``copy`` of repositories
- ``statements``: ``sbom`` and ``provenance``
"""
