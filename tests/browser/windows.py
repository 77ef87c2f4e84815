"""A person's window: a browser of its own, in which that person has signed in through the page."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Browser, Page

SignIn = Callable[..., Page]


@contextlib.contextmanager
def windows(chromium: Browser, address: str) -> Iterator[SignIn]:
    """Call it with somebody's `sub`, and what Playwright's `new_context` takes; all windows close at the end."""
    with contextlib.ExitStack() as opened:

        def open_window(subject: str, *, language: str = "en", width: int = 1280, **more: Any) -> Page:
            context = chromium.new_context(viewport={"width": width, "height": 800}, base_url=address, **more)
            page = opened.enter_context(context).new_page()
            page.set_default_timeout(60_000)
            page.goto(f"/{language}/sign-in")
            page.locator("main a.button").click()
            page.locator(f'button[value="{subject}"]').click()
            return page

        yield open_window
