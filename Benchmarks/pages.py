#!/usr/bin/env python3
"""Opens report pages in a browser and looks for what a test of their text cannot see.

For every page: no request leaves it, with and without scripts; it does not scroll sideways on 320, 800 and 1,600 pixels; axe-core
finds no violation in light or dark; the browser reports no error. Screenshots of all widths and themes, and the printed page as
PDF, go to the folder of --output for people to look at. Exit code 1 where something was found.

    python3 -m venv venv && venv/bin/pip install playwright axe-playwright-python
    venv/bin/python Benchmarks/pages.py --output screenshots Results/latest/report.html Results/study/report.html
"""

import argparse
import os
import pathlib
import shutil
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

WIDTHS = (320, 800, 1600)
THEMES = ("light", "dark")


def look(browser, page_file, folder):
    """Everything that is wrong with one page, a line each."""
    found = []
    address = page_file.resolve().as_uri()
    name = "-".join(page_file.with_suffix("").parts[-2:])
    for theme in THEMES:
        for width in WIDTHS:
            for scripts in (True, False):
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme=theme, java_script_enabled=scripts)
                # A busy machine draws a long page slowly.
                context.set_default_timeout(300_000)
                page = context.new_page()
                requests = []
                page.on("request", lambda request: requests.append(request.url))
                page.on("console", lambda message: found.append(f"console: {message.text}"))
                page.on("pageerror", lambda error: found.append(f"script: {error}"))
                page.goto(address)
                found += [f"request for {url[:80]}" for url in requests if url != address and not url.startswith("data:")]
                if scripts:
                    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
                    if wide > 0:
                        found.append(f"{width} pixels, {theme}: the page is {wide} pixels too wide")
                    # With everything open, so that closed parts are judged, too.
                    page.screenshot(path=str(folder / f"{name}-{width}-{theme}.png"), full_page=True)
                    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                    if width != 1600:
                        for violation in Axe().run(page).response["violations"]:
                            targets = [node["target"][0] for node in violation["nodes"]]
                            found.append(
                                f"axe, {width} pixels, {theme}: {violation['id']}: {violation['help']}: "
                                f"{targets[0]} and {len(targets) - 1} more")
                context.close()
    page = browser.new_page()
    page.set_default_timeout(300_000)
    page.goto(address)
    page.pdf(path=str(folder / f"{name}.pdf"), format="A4")
    page.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="+", type=pathlib.Path)
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("screenshots"))
    parser.add_argument("--browser", default=shutil.which("chromium") or shutil.which("chromium-headless-shell"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    # Chromium has no sandbox for root.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    failed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.browser, args=arguments)
        for page in options.pages:
            found = sorted(set(look(browser, page, options.output)))
            failed = failed or bool(found)
            print(f"{page}: {page.stat().st_size} bytes, " + ("nothing found" if not found else f"{len(found)} found"))
            for line in found:
                print(f"  {line}")
        browser.close()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
