"""What podman, buildah and skopeo keep on this machine: their auth.json."""
