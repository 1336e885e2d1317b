"""A real browser for tests: headless Chromium by the W3C WebDriver protocol, HTTP and JSON.

Needs Debian's chromium and chromium-driver. Nothing of what a page says belongs here.
"""

import base64
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from processes import free_port

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
"""The member under which the protocol names an element."""
CALL_TIMEOUT_S = 60
FOUND_WITHIN_S = 30.0
POLL_S = 0.2
WINDOW = {"width": 1440, "height": 1000}
OPTIONS = {
    "args": [
        "--headless=new",
        "--no-sandbox",  # a container's root has no user namespaces
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--force-color-profile=srgb",
    ]
}


class Browser:
    """One session of one browser."""

    def __init__(self, url: str) -> None:
        self._session = requests.Session()
        made = self._session.post(
            f"{url}/session",
            json={"capabilities": {"alwaysMatch": {"goog:chromeOptions": OPTIONS}}},
            timeout=CALL_TIMEOUT_S,
        ).json()
        self._url = f"{url}/session/{made['value']['sessionId']}"
        self._do("POST", "window/rect", WINDOW)

    def open(self, url: str) -> None:
        """Go to an address."""
        self._do("POST", "url", {"url": url})

    def click(self, xpath: str) -> None:
        """Click the first element that shows up at ``xpath``."""
        self._act(xpath, "click", {})

    def type(self, xpath: str, text: str) -> None:
        """Type into a field."""
        self._act(xpath, "value", {"text": text})

    def fill(self, xpath: str, text: str) -> None:
        """Set a field at once, as a date picker does, and let the page know."""
        script = """
            const field = document.evaluate(arguments[0], document, null, 9, null).singleNodeValue;
            const kind = Object.getPrototypeOf(field);
            Object.getOwnPropertyDescriptor(kind, "value").set.call(field, arguments[1]);
            field.dispatchEvent(new Event("input", {bubbles: true}));
            field.dispatchEvent(new Event("change", {bubbles: true}));
            field.dispatchEvent(new FocusEvent("focusout", {bubbles: true}));
        """
        self.wait_for(xpath)
        self._do("POST", "execute/sync", {"script": script, "args": [xpath, text]})

    def text(self, xpath: str = "//body") -> str:
        """Return the text that an element shows."""
        said: str = self._do("GET", f"element/{self.wait_for(xpath)}/text")
        return said

    def has(self, xpath: str) -> bool:
        """Say whether an element is there now."""
        return bool(self._find(xpath))

    def wait_for(self, xpath: str) -> str:
        """Return the id of the first element at ``xpath``, waiting until there is one."""
        deadline = time.monotonic() + FOUND_WITHIN_S
        while time.monotonic() < deadline:
            found = self._find(xpath)
            if found:
                return found
            time.sleep(POLL_S)
        message = f"{xpath} did not show up; the page says: {self.text()[:2000]}"
        raise AssertionError(message)

    def screenshot(self, path: Path) -> None:
        """Save what the window shows as PNG."""
        path.write_bytes(base64.b64decode(self._do("GET", "screenshot")))

    def close(self) -> None:
        """End the session."""
        self._do("DELETE", "")

    def _act(self, xpath: str, act: str, body: Mapping[str, object]) -> None:
        """Act on an element as soon as it lets itself be acted on."""
        deadline = time.monotonic() + FOUND_WITHIN_S
        while True:
            try:
                self._do("POST", f"element/{self.wait_for(xpath)}/{act}", body)
            except WebDriverError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_S)
            else:
                return

    def _find(self, xpath: str) -> str:
        found = self._do("POST", "elements", {"using": "xpath", "value": xpath})
        return str(found[0][ELEMENT]) if found else ""

    def _do(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        address = f"{self._url}/{path}".rstrip("/")
        answer = self._session.request(method, address, json=body, timeout=CALL_TIMEOUT_S)
        value = answer.json()["value"]
        if answer.ok:
            return value
        raise WebDriverError(f"{path}: {value.get('error')}: {value.get('message', '')[:300]}")


class WebDriverError(Exception):
    """The browser did not do what it was asked."""


@contextmanager
def browsing() -> Iterator[Browser]:
    """Run a browser until the block ends."""
    driver = shutil.which("chromedriver")
    assert driver is not None, "Debian's chromium-driver is missing: make browser"
    port = free_port()
    process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_ready(url)
        browser = Browser(url)
        try:
            yield browser
        finally:
            browser.close()
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + FOUND_WITHIN_S
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{url}/status", timeout=2).json()["value"]["ready"]:
                return
        except requests.ConnectionError:
            time.sleep(POLL_S)
    message = "chromedriver did not start"
    raise AssertionError(message)
