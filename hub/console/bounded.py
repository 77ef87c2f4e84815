"""Decides what of an identity provider's answers is read: the answer itself, and no more than one can rightly have."""

import httpx

MOST_BYTES = 256 * 1024
"""Of one answer; keys and addresses of the largest providers take a tenth of it."""


class Overstepped(httpx.TransportError):
    """The provider's answer is a redirect, or longer than any has reason to be; the text is a code for the log."""


class Bounded(httpx.AsyncBaseTransport):
    """Makes each request by itself: no redirect is taken, and no more is read than an answer may have."""

    def __init__(self) -> None:
        self._context = httpx.create_ssl_context()  # it takes as long to make as a whole page does

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["accept-encoding"] = "identity"
        async with httpx.AsyncHTTPTransport(verify=self._context) as transport:
            response = await transport.handle_async_request(request)
            if response.is_redirect:
                raise Overstepped("a-redirect")
            content = await _read(response)
        return httpx.Response(response.status_code, content=content)


async def _read(response: httpx.Response) -> bytes:
    read = bytearray()
    async for chunk in response.aiter_raw():
        read += chunk
        if len(read) > MOST_BYTES:
            raise Overstepped("too-long")
    return bytes(read)
