"""A print template is checked when it is deployed: what is wrong, where, and how it is mended."""

import struct
import zlib
from types import SimpleNamespace

import pytest

from engine.definition.manifest import read_process_manifest
from forms.printing import check_print, said_in


def png(width: int = 2, height: int = 2, rgb: tuple[int, int, int] = (0, 0, 200)) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = b"".join(b"\0" + bytes(rgb) * width for _row in range(height))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


MANIFEST = b'key = "p"\ntitle = "P"\n[prints.letter]\ntitle = "Letter"\n'
FILES = {"process.toml": MANIFEST, "prints/seal.png": png(), "prints/note.png": b"no picture"}


def problems(text: str | bytes, *, path: str = "prints/letter.html") -> list[str]:
    package = SimpleNamespace(manifest=read_process_manifest(MANIFEST))
    within = SimpleNamespace(files=FILES, registry=None, key="p", package=package)
    content = text.encode() if isinstance(text, str) else text
    return [
        f"{problem.line or ''} {problem.message % problem.params}".strip()
        for problem in check_print(path, content, within)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<p>{{ subject }}",
        '<p class="{{ kind }} {{#if a}}b{{/if}}" title="{{ a }}">x</p>',
        "<table><tr><th>A<td>{{#loop rows}}{{ this }}{{/loop}}</table>",
        '<img src="prints/seal.png" alt=""><img src="{{ photo.picture }}">',
        "<style>@page { margin: 1cm; @bottom-center { content: none } } p > b { color: red }</style>",
        '{{ chinese date(today()) }} {{ moment(now()) }} {{ say("Yours") }} {{ upper case("a") }}',
        '<p style="text-align: right">{{ {a: {b: 1}}.a.b }}</p>',
    ],
)
def test_what_a_print_needs_is_accepted(text):
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n<p>{{ a + }}</p>", "2 Expected a value"),
        ("{{#loop a}}<p>x</p>", "1 This block is not closed: {{/loop}} is missing."),
        (
            "<p>\n<script>alert(1)</script></p>",
            "2 A print has no <script>: nothing in it runs",
        ),
        ('<link rel="stylesheet" href="https://a.example/b.css">', "A print has no <link>"),
        ('<iframe src="https://a.example/"></iframe>', "A print has no <iframe>"),
        ("<html><body>x</body></html>", "leave out <html>"),
        ('<p onclick="x()">a</p>', "A print has no attribute onclick."),
        ('<p src="prints/seal.png">a</p>', "A print has no attribute src."),
        ('<img src="https://a.example/b.png">', "There is no picture https://a.example/b.png."),
        ('<img src="file:///etc/passwd">', "There is no picture file:///etc/passwd."),
        ('<img src="../secret_key">', "There is no picture ../secret_key."),
        ('<img src="prints/other.png">', "Put it into the folder prints/"),
        ('<img src="prints/note.png">', "prints/note.png is no PNG, JPEG, GIF or WebP."),
        ('<img src="https://a.example/{{ a }}">', "There is no picture https://a.example/{{ }}."),
        ("<style>p { background: URL (x.png) }</style>", "A style fetches nothing"),
        ("<style>@import 'x.css';</style>", "leave out @import"),
        ("<style>p { background: u\\72l(x) }</style>", "A style fetches nothing"),
        ("<style>p { color: {{ a }} }</style>", "A style has no holes."),
        ('<p style="color: {{ a }}">x</p>', "A style has no holes."),
        ('<p style="background: url(x)">x</p>', "A style fetches nothing"),
        ("<p class={{ a }}>x</p>", "in quotes"),
        ("<p {{ a }}>x</p>", "in quotes"),
        ("<{{ a }}>x", "cannot be the name of a tag"),
        ("<div><p>x", "1 <div> is not closed."),
        ("<p>x</p></div>", "</div> closes nothing that is open."),
        ("<table>\n<tr><td><b>x</table>", "2 <b> is not closed."),
        ('{{ sya("x") }}', "There is no function sya."),
        ("x" * 300_001, "larger than 300000 bytes"),
        (b"\xff", "Save it as UTF-8."),
    ],
)
def test_a_template_that_cannot_be_printed_is_refused_with_the_remedy(text, said):
    assert said in "\n".join(problems(text))


def test_a_template_that_the_manifest_does_not_name_is_refused():
    assert "Write [prints.other]" in problems("<p>x</p>", path="prints/other.html")[0]


def test_the_catalogue_gets_what_a_template_says():
    text = b'<p>{{ say("Dear") }} {{ name }}</p>\n{{#if say("Yours") != ""}}{{ say(name) }}{{/if}}'
    assert list(said_in(text)) == [("Dear", 1), ("Yours", 2)]
