"""What files look like, on the tiles of their rows."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests import browsers
from tests.page.driving import row
from tests.servers import Gunicorn

# Red on top, blue below, as a camera sees them that was turned to the right or not.
PHOTO = """async ({ name, isTurned }) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = isTurned ? [300, 400] : [400, 300];
    const context = canvas.getContext("2d");
    const { width, height } = canvas;
    context.fillStyle = "#f00";
    context.fillRect(0, 0, width, height);
    context.fillStyle = "#00f";
    if (isTurned) context.fillRect(width / 2, 0, width, height);
    else context.fillRect(0, height / 2, width, height);
    const blob = await new Promise((made) => canvas.toBlob(made, "image/jpeg", 0.9));
    // EXIF of one entry: orientation 6, to be turned clockwise by a quarter.
    const head = [0xff, 0xe1, 0, 34, 0x45, 0x78, 0x69, 0x66, 0, 0, 0x4d, 0x4d, 0, 42];
    const entry = [0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];
    const exif = isTurned ? [new Uint8Array([...head, ...entry])] : [];
    const whole = new Blob([blob.slice(0, 2), ...exif, blob.slice(2)]);
    // Firefox decodes no image that was put together of parts.
    return new File([await whole.arrayBuffer()], name);
}"""
# The same as a film, in what the browser itself records.
FILM = """async ({ name, type }) => {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [320, 240];
    const context = canvas.getContext("2d");
    const draw = () => {
        context.fillStyle = "#f00";
        context.fillRect(0, 0, 320, 120);
        context.fillStyle = "#00f";
        context.fillRect(0, 120, 320, 120);
    };
    const record = async (frames) => {
        const stream = canvas.captureStream(30);
        const recorder = new MediaRecorder(stream, { mimeType: type });
        const parts = [];
        recorder.ondataavailable = ({ data }) => parts.push(data);
        const isOver = new Promise((over) => (recorder.onstop = over));
        recorder.start();
        for (let i = 0; i < frames; i += 1) {
            draw();
            await new Promise(requestAnimationFrame);
        }
        recorder.stop();
        await isOver;
        return new File(parts, name);
    };
    // A browser that is busy lets frames go.
    for (let frames = 10; ; frames *= 2) {
        const film = await record(frames);
        if (film.size > 1000) return film;
    }
}"""
# Its first bytes say what it is, and all others are wrong.
BROKEN = """({ name, head }) => {
    return new File([new Uint8Array(head), new Uint8Array(9999)], name);
}"""
COLOURS = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(40, 0, 1, 80);
    return [10, 70].map((y) => {
        const [red, green, blue] = data.subarray(4 * y);
        if (red > 180 && blue < 80) return "red";
        return blue > 180 && red < 80 ? "blue" : "other";
    });
}"""


@pytest.fixture
def site(visitor: Page, server: Gunicorn) -> Page:
    """The page with the uploader, in which files wait for their start."""
    visitor.goto(f"{server.url}?auto_start=no")
    return visitor


IS_IN_THE_MIDDLE = """(sign) => {
    const middle = (element) => {
        const { x, y, width, height } = element.getBoundingClientRect();
        return `${x + width / 2} ${y + height / 2}`;
    };
    const [one, other] = [sign, sign.parentElement].map(middle);
    return one === other;
}"""


def add(page: Page, make: str, **options: object) -> Locator:
    """Add a file that the page makes; return its tile."""
    root = page.locator("[data-chunked-uploads]")
    root.evaluate(
        f"async (root, options) => root.chunkedUploads.add([await ({make})(options)])",
        options,
    )
    return row(page, str(options["name"])).locator(".chunked-uploads-tile")


def expect_picture(tile: Locator) -> None:
    canvas = tile.locator("canvas.chunked-uploads-face")
    expect(canvas).to_have_count(1)
    assert canvas.evaluate(COLOURS) == ["red", "blue"]


@browsers.IN_BOTH
def test_photo_and_film_are_shown_upright(site: Page) -> None:
    photo = add(site, PHOTO, name="photo.jpg", isTurned=False)
    expect_picture(photo)
    expect(photo.locator(".chunked-uploads-film")).to_have_count(0)
    expect_picture(add(site, PHOTO, name="turned.jpg", isTurned=True))
    film = add(site, FILM, name="film.webm", type="video/webm;codecs=vp8")
    expect_picture(film)
    sign = film.locator(".chunked-uploads-film")
    expect(sign).to_be_visible()
    assert sign.evaluate(IS_IN_THE_MIDDLE)


def test_film_in_mp4_is_shown(site: Page) -> None:
    expect_picture(
        add(site, FILM, name="film.mp4", type="video/mp4;codecs=avc1.42001f")
    )


BROKEN_FILES = {
    "photo.jpg": [0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8, 1, 0, 1, 0, 3],
    "photo.png": [0x89, *b"PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\1\0\x08\2\0\0\0"],
    "photo.webp": [*b"RIFF\0\1\0\0WEBPVP8 \0\1\0\0\0\0\0\x9d\1\x2a\0\1\0\1"],
    "drawing.svg": [*b"<svg xmlns='http://www.w3.org/2000/svg'>"],
    "film.mp4": [0, 0, 0, 16, *b"ftypisom\0\0\0\0\0\0\0\x10moov"],
    "film.webm": [0x1A, 0x45, 0xDF, 0xA3, 0x80, 0x18, 0x53, 0x80, 0x67, 0xFF],
}


def test_broken_files_keep_their_tiles_without_a_word(site: Page) -> None:
    said: list[str] = []
    site.on("console", lambda message: said.append(message.text))
    for name, head in BROKEN_FILES.items():
        tile = add(site, BROKEN, name=name, head=head)
        expect(tile.locator("svg").first).to_be_visible()
    # Pictures are made one after the other: what comes last says that all were tried.
    expect_picture(add(site, PHOTO, name="last.jpg", isTurned=False))
    assert site.locator("canvas.chunked-uploads-face").count() == 1
    assert said == []
