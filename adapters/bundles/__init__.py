"""Bundles as folders and archives: OCI image layouts, and what docker save writes."""
