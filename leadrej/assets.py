"""Copies the front-end files that pages need from node_modules/ to static/vendor/, and makes the icon sprite.

Run as `python -m leadrej.assets`, after `npm ci`. `static/icons.txt` names the icons, one a line.
"""

import json
import re
import shutil
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
PACKAGES = CHECKOUT / "node_modules"
VENDOR = CHECKOUT / "static" / "vendor"
FILES = {
    "htmx.min.js": "htmx.org/dist/htmx.min.js",
    "chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
}
FONTS = {"inter": "@fontsource-variable/inter", "jetbrains-mono": "@fontsource-variable/jetbrains-mono"}
SOURCE_MAP = re.compile(r"\s*(/\*# sourceMappingURL=\S+ \*/|//# sourceMappingURL=\S+)\s*$")


def copy_all() -> None:
    """Make static/vendor/ anew. Exits with a sentence when a package or an icon is missing."""
    if not PACKAGES.is_dir():
        sys.exit("node_modules/ is missing: run `npm ci --ignore-scripts` first, or `make setup`.")
    VENDOR.mkdir(parents=True, exist_ok=True)
    for name, source in FILES.items():
        # The source maps are not copied, and collectstatic refuses a reference to a file that is not there.
        text = (PACKAGES / source).read_text(encoding="utf-8")
        (VENDOR / name).write_text(SOURCE_MAP.sub("\n", text), encoding="utf-8")
    for name, package in FONTS.items():
        (VENDOR / name).mkdir(exist_ok=True)
        for font in (PACKAGES / package / "files").glob("*-wght-normal.woff2"):
            shutil.copy(font, VENDOR / name)
    (VENDOR / "icons.svg").write_text(sprite(), encoding="utf-8")


def sprite() -> str:
    """One SVG with a `<symbol id="i-NAME">` for each icon of the list."""
    names = (CHECKOUT / "static" / "icons.txt").read_text(encoding="utf-8").split()
    symbols = "".join(symbol(name) for name in sorted(set(names)))
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}</svg>\n'


def symbol(name: str) -> str:
    """The outline icon as a symbol that takes colour and line width from where it is used."""
    source = PACKAGES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
    if not source.is_file():
        sys.exit(f"static/icons.txt names “{name}”, which is no outline icon of @tabler/icons.")
    drawing = re.sub(r"^.*?<svg[^>]*>|</svg>.*$", "", source.read_text(encoding="utf-8"), flags=re.DOTALL)
    lines = [line.strip() for line in drawing.splitlines()]
    strokes = "".join(line for line in lines if 'd="M0 0h24v24H0z"' not in line)
    style = 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
    return f'<symbol id="i-{name}" viewBox="0 0 24 24" {style}>{strokes}</symbol>\n'


def clean_lock() -> None:
    """Take the addresses of donation pages out of package-lock.json, which is to hold hashes only."""
    path = CHECKOUT / "package-lock.json"
    lock = json.loads(path.read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        package.pop("funding", None)
    path.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    clean_lock() if sys.argv[1:] == ["--clean-lock"] else copy_all()
