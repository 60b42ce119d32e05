"""domain/drafts."""
