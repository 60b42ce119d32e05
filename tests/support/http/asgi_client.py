"""Requests to an ASGI application in this process, as a browser sends them."""

import asyncio

import httpx

HOST = "127.0.0.1:8080"


class AsgiClient:
    """Keeps cookies between requests; redirects are not followed."""

    def __init__(self, app) -> None:
        self._app = app
        self.cookies: dict[str, str] = {}

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self._request("GET", path, headers)

    def post(self, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
        return self._request("POST", path, headers, form)

    def _request(self, method, path, headers, form=None) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(
                transport=transport, base_url=f"http://{HOST}", cookies=self.cookies
            ) as client:
                return await client.request(method, path, headers=headers, data=form)

        answer = asyncio.run(send())
        self.cookies |= dict(answer.cookies)
        return answer
