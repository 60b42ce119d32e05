"""Rules for lists and images, and pure functions that find breaches.

- findings: findings, and the table of rules with their severities
- document_rules: rules about one document alone, and its descriptors
- config_members: members of image configs that docker cannot decode
- platform_spelling: platforms that readers do not look for
- platform_shadowing: entries that no first-match client can select
- list_rules: rules about a list alone
- expected_platforms: rules about the platforms that a person expects
- child_rules: rules about a list and its children, an image and its blobs
- evaluation: all findings about one manifest, from the evidence read
"""
