"""A person's window: a browser of its own, in which that person has signed in through the page."""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip

SignIn = Callable[..., Page]


@contextlib.contextmanager
def launched() -> Iterator[Browser]:
    """The system's Chromium. Without one the tests skip on a laptop and fail in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        what = "a browser is missing: install Debian's package `chromium`"
        if os.environ.get("CI") == "true":
            pytest.fail(what, pytrace=False)
        pytest.skip(what)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


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
