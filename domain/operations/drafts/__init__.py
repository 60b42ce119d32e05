"""domain/operations/drafts."""
