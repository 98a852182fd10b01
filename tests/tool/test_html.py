# SPDX-License-Identifier: BSD-3-Clause
"""inspect --html: one self-contained page; in --long it is looked at in a browser."""
import html.parser
import os
import shutil
import stat
import struct
import subprocess
import zlib

import pytest

from conftest import LONG, vgic5
from test_verify import edited, field, middle, section, state  # noqa: F401 (fixtures)

VOID = {"meta", "link", "br", "img", "input", "hr"}


class Page(html.parser.HTMLParser):
    """Counts elements by class, and sees to it that what opens closes."""
    def __init__(self, text):
        super().__init__()
        self.open, self.classes, self.titles, self.words = [], [], 0, ""
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        assert tag not in ("script", "link", "img", "iframe")
        assert not {"src", "href"} & set(attrs)
        self.classes += attrs.get("class", "").split()
        self.titles += tag == "title"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def page_of(path, tmp_path):
    vgic5("inspect", path, "--html", tmp_path / "page.html")
    return (tmp_path / "page.html").read_text(encoding="utf-8")


def test_one_page_that_needs_nothing_else(middle, tmp_path):  # noqa: F811
    text = page_of(middle, tmp_path)
    assert "http:" not in text and "https:" not in text and "url(" not in text
    page = Page(text)
    assert stat.S_IMODE(os.stat(tmp_path / "page.html").st_mode) == 0o600
    for name in ("pending", "active", "both", "enabled", "unreachable", "m0", "ist", "running"):
        assert name in page.classes
    assert "running priority 8" in page.words and "does not preempt" in page.words
    assert page.classes.count("rung") == 2 * 32
    assert page.titles > 2000, "each cell of the maps says what it is"


def test_names_from_the_file_are_no_markup(middle, tmp_path):  # noqa: F811
    path = tmp_path / "<b>&amp;"
    shutil.copy(middle, path)
    assert "<b>&amp;" in Page(page_of(path, tmp_path)).words


def test_a_place_that_cannot_be_written(middle, tmp_path):  # noqa: F811
    assert "nowhere" in vgic5("inspect", middle, "--html", tmp_path / "nowhere" / "x",
                              status=3).err


# ---- In a browser


def pixels(path):
    """The colours of a PNG without interlace, 8 bits, RGB or RGBA, and how often each occurs."""
    data = path.read_bytes()
    at, stream, colours = 8, b"", {}
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at:at + 8])
        if kind == b"IHDR":
            width, height, _, form = struct.unpack(">IIBB", data[at + 8:at + 18])
        if kind == b"IDAT":
            stream += data[at + 8:at + 8 + size]
        at += 12 + size
    step = {2: 3, 6: 4}[form]
    raw, before = zlib.decompress(stream), bytearray(width * step)
    for row in range(height):
        start = row * (width * step + 1)
        line = bytearray(raw[start + 1:start + 1 + width * step])
        for n in range(len(line)):
            left = line[n - step] if n >= step else 0
            up, corner = before[n], before[n - step] if n >= step else 0
            guess = left + up - corner
            paeth = min((abs(guess - v), i, v) for i, v in enumerate((left, up, corner)))[2]
            line[n] = line[n] + (0, left, up, (left + up) // 2, paeth)[raw[start]] & 255
        before = line
        for n in range(0, len(line), step):
            colour = tuple(line[n:n + 3])
            colours[colour] = colours.get(colour, 0) + 1
    return width, height, colours


@pytest.mark.skipif(not LONG, reason="long")
def test_a_browser_shows_it(middle, tmp_path):  # noqa: F811
    browser = shutil.which("chromium")
    assert browser is not None, "chromium is not installed (tools/packages-long names it)"
    page_of(middle, tmp_path)
    subprocess.run([browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
                    "--force-device-scale-factor=1", "--window-size=1000,1400",
                    f"--user-data-dir={tmp_path}/profile",
                    f"--screenshot={tmp_path}/page.png", f"file://{tmp_path}/page.html"],
                   check=True, timeout=120, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    width, height, colours = pixels(tmp_path / "page.png")
    assert (width, height) == (1000, 1400)
    # --card, --pending, --active, --both, --enabled: all drawn, and not as specks.
    for colour, least in (((255, 255, 255), 200000), ((224, 138, 30), 2000), ((46, 107, 214), 500),
                          ((138, 79, 208), 500), ((143, 185, 150), 5000)):
        assert colours.get(colour, 0) >= least, f"{colour}: {colours.get(colour, 0)}"
