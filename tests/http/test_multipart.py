"""Forms that stream in, in reads of any size, whole and cut."""

from __future__ import annotations

import io
import random

import pytest

from chunked_uploads.http.multipart import MultipartReader, Stream, parse_boundary
from tests.sending import make_form

BOUNDARY = "xYzZY"
DELIMITER = f"\r\n--{BOUNDARY}".encode()
CONTENTS = {
    "empty": b"",
    "one byte": b"x",
    "line ends": b"\r\n\r\n\r\n",
    "dashes": b"--\r\n--",
    "the delimiter but its last byte": DELIMITER[:-1] + b"_",
    "delimiters but their last byte": DELIMITER[:-1] * 3,
    "the boundary alone": BOUNDARY.encode(),
    "the boundary after a line feed alone": f"\n--{BOUNDARY}--\n".encode(),
    "the boundary with one dash": f"\r\n-{BOUNDARY}--\r\n".encode(),
    "the boundary in capitals": f"\r\n--{BOUNDARY.upper()}--\r\n".encode(),
    "carriage returns before": b"\r\r\r\n\r\n-",
    "the end of a delimiter": DELIMITER[2:] + b"--\r\n",
    "every byte": bytes(range(256)),
}
FIELDS = [("title", "映画"), ("empty", ""), ("title", "again")]


class Pieces:
    """A stream that gives `content` in pieces that end at the offsets given."""

    def __init__(self, content: bytes, *offsets: int) -> None:
        stops = [*offsets, len(content)]
        self._pieces = [
            content[start:stop]
            for start, stop in zip([0, *offsets], stops, strict=True)
            if start < stop
        ]

    def read(self, size: int) -> bytes:
        piece = self._pieces.pop(0) if self._pieces else b""
        assert len(piece) <= size
        return piece


def open_form(stream: Stream) -> MultipartReader:
    reader = MultipartReader(stream, BOUNDARY.encode())
    reader.open_file()
    return reader


def read_all(reader: MultipartReader, size: int = 64 * 1024) -> bytes:
    blocks = []
    while block := reader.read(size):
        assert len(block) <= size
        blocks.append(block)
    return b"".join(blocks)


content_given = pytest.mark.parametrize(
    "content", CONTENTS.values(), ids=CONTENTS.keys()
)


@content_given
def test_file_is_given_out_whole_however_the_body_is_split_in_two(
    content: bytes,
) -> None:
    form = make_form(content, fields=FIELDS, boundary=BOUNDARY)
    for split in range(len(form)):
        reader = open_form(Pieces(form, split))

        assert read_all(reader) == content
        assert reader.at_end()
        assert reader.fields == FIELDS


@content_given
def test_file_is_given_out_whole_byte_by_byte(content: bytes) -> None:
    form = make_form(content, fields=FIELDS, boundary=BOUNDARY)
    for size in (1, 2, 7, 64 * 1024):
        reader = open_form(Pieces(form, *range(1, len(form))))

        assert read_all(reader, size) == content
        assert reader.at_end()


@content_given
def test_cut_body_gives_out_nothing_but_content(content: bytes) -> None:
    form = make_form(content, boundary=BOUNDARY)
    head = form.index(b"\r\n\r\n") + 4
    for cut in range(head, head + len(content) + len(DELIMITER)):
        reader = open_form(io.BytesIO(form[:cut]))

        given = read_all(reader)

        assert content.startswith(given)
        # No more is held back than what the delimiter may begin with.
        assert len(given) >= cut - head - len(DELIMITER)
        with pytest.raises(EOFError):
            reader.at_end()


@content_given
def test_cut_within_the_closing_boundary_leaves_the_file_whole(content: bytes) -> None:
    form = make_form(content, boundary=BOUNDARY)
    for cut in range(len(form) - len(b"--\r\n"), len(form)):
        reader = open_form(io.BytesIO(form[:cut]))

        assert read_all(reader) == content
        assert reader.at_end()


def test_cut_before_the_file_is_told() -> None:
    form = make_form(b"content", fields=FIELDS, boundary=BOUNDARY)
    for cut in range(form.index(b"content")):
        with pytest.raises(EOFError):
            open_form(io.BytesIO(form[:cut]))


def test_random_content_made_of_pieces_of_the_delimiter_comes_through() -> None:
    source = random.Random(7)
    pieces = [b"\r", b"\n", b"-", b"--", b"\r\n--", BOUNDARY[:-1].encode(), b"Y", b" "]
    for _ in range(300):
        content = b"".join(source.choices(pieces, k=40))
        content = content.replace(DELIMITER, b"")
        form = make_form(content, boundary=BOUNDARY)
        splits = sorted(source.sample(range(1, len(form)), 5))

        assert (
            read_all(open_form(Pieces(form, *splits)), source.randint(1, 9)) == content
        )


def test_at_end_is_false_while_content_is_left() -> None:
    reader = open_form(io.BytesIO(make_form(b"content", boundary=BOUNDARY)))

    assert reader.read(4) == b"cont"
    assert not reader.at_end()
    assert reader.read(9) == b"ent"
    assert reader.at_end()


def test_consumed_counts_the_bytes_before_the_file() -> None:
    form = make_form(b"content", fields=FIELDS, boundary=BOUNDARY)

    reader = open_form(io.BytesIO(form))

    assert reader.consumed == form.index(b"content")
    assert len(form) - reader.consumed - len(reader.closing) == len(b"content")


def test_preamble_and_padding_are_passed_over() -> None:
    form = b"to be ignored\r\n" + make_form(b"content", boundary=BOUNDARY)
    form = form.replace(f"--{BOUNDARY}\r\n".encode(), f"--{BOUNDARY} \t\r\n".encode())

    assert read_all(open_form(io.BytesIO(form))) == b"content"


def test_what_follows_the_file_is_not_read_as_content() -> None:
    form = make_form(b"content", boundary=BOUNDARY)
    after = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="x"\r\n\r\nlate\r\n'
    closing = f"--{BOUNDARY}--\r\n"
    form = form.replace(closing.encode(), (after + closing).encode())

    reader = open_form(io.BytesIO(form))

    assert read_all(reader) == b"content"
    assert reader.fields == []


def test_headers_of_a_part_are_read_whatever_their_case_and_order() -> None:
    form = make_form(b"content", boundary=BOUNDARY)
    form = form.replace(b"Content-Disposition: ", b"X-Other: y\r\ncontent-disposition:")

    reader = open_form(io.BytesIO(form))

    assert reader.filename == "film.mp4"
    assert read_all(reader) == b"content"


@pytest.mark.parametrize(
    "form",
    [
        f"--{BOUNDARY}--\r\n",
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n'
        f"--{BOUNDARY}--\r\n",
        f"--{BOUNDARY}\r\n\r\nno headers\r\n--{BOUNDARY}--\r\n",
        f"--{BOUNDARY}junk\r\n",
        "x" * 40_000,
        f"--{BOUNDARY}\r\nX: " + "y" * 40_000,
        f"--{BOUNDARY}" + "-" * 40_000,
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="x"\r\n\r\n'
        + "y" * 400_000,
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; filename*=x\r\n\r\n",
    ],
    ids=lambda form: form[:60],
)
def test_form_without_a_file_or_with_too_much_before_it_is_refused(form: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        open_form(io.BytesIO(form.encode()))


@pytest.mark.parametrize("field", [("x", "y" * 1000), ("x" * 1000, "")])
def test_fields_that_are_too_large_together_are_refused(field: tuple[str, str]) -> None:
    fields = [field] * 300

    with pytest.raises(ValueError, match="Too many bytes"):
        open_form(io.BytesIO(make_form(b"", fields=fields, boundary=BOUNDARY)))


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("", None),
        ("application/octet-stream", None),
        ("multipart/mixed; boundary=x", None),
        ("multipart/form-data; boundary=xYzZY", b"xYzZY"),
        ('multipart/form-data; boundary="x YzZY"', b"x YzZY"),
        ("Multipart/Form-Data;charset=utf-8;BOUNDARY=xYzZY", b"xYzZY"),
        (f"multipart/form-data; boundary={'x' * 70}", b"x" * 70),
    ],
)
def test_boundary_is_taken_from_the_content_type(
    content_type: str, boundary: bytes | None
) -> None:
    assert parse_boundary(content_type) == boundary


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/form-data",
        "multipart/form-data; boundary=",
        'multipart/form-data; boundary=""',
        "multipart/form-data; charset=utf-8",
        f'multipart/form-data; boundary="{"x" * 71}"',
    ],
)
def test_form_without_a_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(ValueError, match="boundary"):
        parse_boundary(content_type)
