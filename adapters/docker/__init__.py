"""What docker keeps on this machine: its config.json."""
