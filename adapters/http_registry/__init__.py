"""The registry port over HTTP: the conversation of the distribution-spec, on httpx."""
