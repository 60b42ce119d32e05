"""The world outside: registries over HTTP and in folders, docker's configuration."""
