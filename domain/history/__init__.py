"""The history of tags: observations, and past states that users name.

- observation: the digest that a tag pointed to, and when; merging of observations
- records: what Quay and docker-library/repo-info say of the past of a tag
- revision: past states, written REF@{1} or REF@{2026-05-01}
"""
