"""What a page is held against in a browser: the rules of accessibility, its width, and a picture for whoever asks."""

import os
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
}

_axe = Axe()


def violations(page: Page) -> list[str]:
    """What axe-core finds wrong, each with its element."""
    found = _axe.run(page, options=WCAG).response["violations"]
    return [f"{page.url}: {each['id']}: {node['target']}" for each in found for node in each["nodes"]]


def runs_off(page: Page) -> bool:
    """Whether the page has to be moved sideways to be read."""
    wide: bool = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    return wide


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page in the folder that `DOLEN_TEST_PICTURES` names; without one, none is taken."""
    folder = os.environ.get("DOLEN_TEST_PICTURES")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
