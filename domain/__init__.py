"""The rules: values, lists, drafts and use cases, without input or output."""
