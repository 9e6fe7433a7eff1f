import codecs
import io
import zipfile

import pytest

from engine.files import is_inline, type_of

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00\x00\x00\rIHDR" + b"\x00" * 32


def docx() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in ("[Content_Types].xml", "_rels/.rels", "word/document.xml", "docProps/app.xml"):
            archive.writestr(name, "<x/>")
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0" + b"\x00" * 40, "image/jpeg"),
        (b"%PDF-1.7\n1 0 obj\n", "application/pdf"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "application/pdf"),
        (docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("水管爆裂\nFuk Wing Street".encode(), "text/plain"),
        (b"BMW on fire in Nathan Road", "text/plain"),
        (b"name,phone\nMei,+85251230001\nYan,+85251230002\n", "text/csv"),
        (b"a;b;c\n1;2;3\n", "text/csv"),
        (b"Dear Sir, I report a leak.\nIt is, I think, large, wet.\n", "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "image/svg+xml"),
        (
            b"<?xml version='1.0'?><!-- x --><svg:svg xmlns:svg='http://www.w3.org/2000/svg'/>",
            "image/svg+xml",
        ),
        (b"  \n<!DOCTYPE html><p>hi", "text/html"),
        (b"hello <SCRIPT>alert(1)</SCRIPT>", "text/html"),
        (codecs.BOM_UTF16_LE + "<html><body>".encode("utf-16-le"), "text/html"),
        (b"<?xml version='1.0'?><note/>", "application/xml"),
        (b"\x00\x01\x02\x03\x04\xfe", "application/octet-stream"),
    ],
)
def test_the_type_is_told_by_the_content(content: bytes, expected: str) -> None:
    assert type_of(content) == expected


def test_a_head_that_ends_inside_a_character_is_still_text() -> None:
    content = ("x" + "水" * 40_000).encode()[:65_536]
    assert type_of(content) == "text/plain"


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "application/xml", "application/zip"])
def test_what_a_browser_would_run_is_never_shown_in_a_page(media_type: str) -> None:
    assert not is_inline(media_type)


def test_a_photo_may_be_shown_in_a_page() -> None:
    assert is_inline("image/jpeg")
