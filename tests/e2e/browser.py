"""A headless Chromium, driven by its DevTools protocol over two pipes: no package of Python's is needed, no port."""

import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
TIMEOUT = 60
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
            "--force-color-profile=srgb", "--remote-debugging-pipe")
# It reads from descriptor 3 and writes to 4.
START = "import os, sys; os.dup2(int(sys.argv[1]), 3); os.dup2(int(sys.argv[2]), 4); os.execv(sys.argv[3], sys.argv[3:])"


def program():
    """Its path, or a skipped test that says so."""
    for name in PROGRAMS:
        path = shutil.which(name)
        if path:
            return path
    raise unittest.SkipTest("there is no Chromium here: install the package chromium")


def high_pipe():
    """With descriptors that are in nobody's way, as 3 and 4 would be."""
    low = os.pipe()
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 100) for descriptor in low]
    for descriptor in low:
        os.close(descriptor)
    return high


class Browser:
    """One page at a time. What it logs, and what it asks the network for, is collected."""

    def __init__(self):
        path = program()
        self.profile = tempfile.TemporaryDirectory(prefix="kdwalk-browser-", ignore_cleanup_errors=True)
        to_browser, self.output = high_pipe()
        self.input, from_browser = high_pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", START, str(to_browser), str(from_browser), path, *SWITCHES,
             f"--user-data-dir={self.profile.name}", "about:blank"],
            pass_fds=(to_browser, from_browser), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, env={**os.environ, "HOME": self.profile.name})
        os.close(to_browser)
        os.close(from_browser)
        self.unread = b""
        self.number = 0
        self.session = None
        self.logged, self.requests = [], []
        self.watchdog = threading.Timer(TIMEOUT, self.process.kill)  # whoever waits for it then sees the end of the pipe
        self.watchdog.start()
        self._attach()

    # --- the protocol: objects of JSON, each with a NUL behind it ---

    def _next(self):
        while b"\0" not in self.unread:
            more = os.read(self.input, 1 << 16)
            if not more:
                raise AssertionError("Chromium ended, or took longer than a minute")
            self.unread += more
        text, self.unread = self.unread.split(b"\0", 1)
        return json.loads(text)

    def _note(self, event):
        params = event.get("params", {})
        if event.get("method") == "Runtime.consoleAPICalled":
            self.logged.append((params["type"], [value.get("value") for value in params["args"]]))
        elif event.get("method") == "Runtime.exceptionThrown":
            self.logged.append(("exception", params["exceptionDetails"].get("text")))
        elif event.get("method") == "Log.entryAdded":
            self.logged.append((params["entry"]["level"], params["entry"]["text"]))
        elif event.get("method") == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def call(self, method, **params):
        self.number += 1
        request = {"id": self.number, "method": method, "params": params}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.output, json.dumps(request).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise AssertionError(f"{method}: {answer['error']}")
                return answer["result"]
            self._note(answer)

    def _attach(self):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    # --- what a test does with it ---

    def size(self, width, height=900, dark=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1,
                  mobile=width < 720)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def open(self, path, scripts=True):
        self.logged.clear()
        self.requests.clear()
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        while self._wait_for("Page.loadEventFired") is None:
            pass

    def _wait_for(self, method):
        event = self._next()
        self._note(event)
        return event if event.get("method") == method else None

    def value(self, expression):
        """Of an expression of JavaScript; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def key(self, key, text=""):
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key)

    def screenshot(self, x, y, width, height):
        """PNG, in base64."""
        return self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": x, "y": y, "width": width, "height": height, "scale": 1})["data"]

    def pdf(self):
        return self.call("Page.printToPDF", printBackground=True)["data"]

    def close(self):
        self.watchdog.cancel()
        self.process.kill()
        self.process.wait()
        os.close(self.output)
        os.close(self.input)
        self.profile.cleanup()
