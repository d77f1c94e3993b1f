"""From key press to changed headline, in the savings explorer as Voilà serves it to a browser.

The bar: a median under 100 ms and a 95th percentile under 250 ms, with the fan's draws redrawn after
each key. Run with ``make bench``; it needs Chromium, Chrome or Playwright's own browser.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import sync_playwright

from businesscase.calculations.uncertainty import CHUNK

KEYS, PAUSE_MS = 60, 700  # the pause lets the charts be drawn, as a person reads before going on
MEDIAN_MS, SLOW_MS = 100, 250
PORT, TOKEN = 8941, "a-token-for-the-benchmark"
PRESS = """async ([key, pause]) => {
  const slider = document.querySelector('.bc-number input[type=range]');
  const headline = document.querySelector('.bc-explorer h2').closest('[role=status]');
  const changed = new Promise((resolve) => {
    const watch = new MutationObserver(() => { watch.disconnect(); resolve(performance.now()); });
    watch.observe(headline, {childList: true, subtree: true, characterData: true});
  });
  const pressed = performance.now();
  slider.valueAsNumber += (key === 'ArrowRight' ? 1 : -1) * Number(slider.step);
  slider.dispatchEvent(new Event('input', {bubbles: true}));
  const seconds = await changed - pressed;
  await new Promise((next) => setTimeout(next, pause));
  return seconds;
}"""


def main() -> None:
    """Serve, press, and print the percentiles beside the bar."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "voila.log"
        command = [
            sys.executable,
            "-m",
            "businesscase",
            "explore",
            "--no-browser",
            f"--port={PORT}",
        ]
        with log.open("w") as output:
            server = subprocess.Popen(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=os.environ | {"JUPYTER_TOKEN": TOKEN},
            )
        try:
            while not re.search(r"http://127", log.read_text()):
                if server.poll() is not None:
                    raise RuntimeError(log.read_text())
                time.sleep(0.2)
            latencies = pressed_keys()
        finally:
            server.terminate()
            server.wait()
    median, slow = np.percentile(latencies, [50, 95])
    print(f"savings explorer, {CHUNK:,} draws behind the table, {KEYS} key presses")
    print(f"  median           {median:6.0f} ms   bar {MEDIAN_MS} ms")
    print(f"  95th percentile  {slow:6.0f} ms   bar {SLOW_MS} ms")


def pressed_keys() -> list[float]:
    """Return the milliseconds from each key press to the changed headline."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        page = browser.new_page(viewport={"width": 1366, "height": 768})
        page.goto(f"http://127.0.0.1:{PORT}/voila/render/savings.ipynb?token={TOKEN}")
        page.wait_for_selector(".bc-chart .main-svg", timeout=60_000)
        keys = ["ArrowLeft", "ArrowLeft", "ArrowRight", "ArrowRight"] * (KEYS // 4)
        page.wait_for_timeout(2 * PAUSE_MS)
        latencies = [page.evaluate(PRESS, [key, PAUSE_MS]) for key in keys]
        browser.close()
    return latencies


if __name__ == "__main__":
    main()
