"""A list, its name on a test's server, and answers that several tests give."""

import json

from manyfest.domain import media_types
from manyfest.domain.manifests import Manifest
from manyfest.domain.references import Reference

LIST = Manifest(
    media_types.OCI_INDEX,
    json.dumps({"schemaVersion": 2, "mediaType": media_types.OCI_INDEX, "manifests": []}).encode(),
)
SECRET = "canary-password"


def tag(server, path="t/app", name="v1"):
    return Reference.parse(f"{server.host}/{path}:{name}")


def fine(reply, **headers):
    return reply(200, LIST.data, **({"content_type": LIST.media_type} | headers))


def with_basic(server_reply):
    """A registry that wants a password."""
    return lambda request: (
        server_reply(401, www_authenticate='Basic realm="r"')
        if "authorization" not in request.headers
        else None
    )
