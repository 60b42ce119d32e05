"""Names of images in the files that use them, with their lines.

- image_use: one use of an image, and variables in its name
- plain_lists: a name a line
- dockerfiles: FROM, COPY --from, RUN --mount, and the syntax directive
- documents: compose files, workflows, Kubernetes and other formats, as trees of YAML
- shapes: how tools name images in YAML, as tables
"""
