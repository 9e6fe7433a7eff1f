"""HTML in, PDF out: run as a process of its own, ``python -P renderer.py LOCALE < page.html > page.pdf``.

The library that draws is large and written in C++: whatever it does with a page, it does here, with so much
time and memory, and nobody else's data. It asks here for all that a page names, and here it gets nothing: the
pictures of a page stand in it, the fonts are those of two packages.
"""

from __future__ import annotations

import importlib.resources
import resource
import sys
import tempfile
from contextlib import suppress
from html import escape
from pathlib import Path

CPU_S = 20
MEMORY_BYTES = 2 << 30
# The language's own font first: the other one has the characters that it lacks.
_FONTS = {"zh_Hant": ("TC", "SC")}
_OTHERS = ("SC", "TC")
# What a page may call them: the words of CSS, and the families that Chinese offices write with.
_FAMILIES = {
    "Sans": ("sans-serif", "system-ui", "SimHei", "黑体", "黑體", "Microsoft YaHei", "Microsoft JhengHei"),
    "Serif": ("serif", "SimSun", "宋体", "宋體", "FangSong", "仿宋", "KaiTi", "楷体", "楷體", "PMingLiU"),
}
_PACKAGES = ("pylopdf_fonts_zh_cn", "pylopdf_fonts_zh_tw")
_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>{folders}<cachedir>{cache}</cachedir>{families}
<match target="font">
<test name="weight" compare="less_eq"><const>medium</const></test>
<test target="pattern" name="weight" compare="more_eq"><const>demibold</const></test>
<edit name="embolden" mode="assign"><bool>true</bool></edit>
<edit name="weight" mode="assign"><const>bold</const></edit>
</match>
</fontconfig>
"""


def configuration(locale: str, cache: str) -> str:
    """Write which fonts there are, and which of them a family means in a language."""
    folders = "".join(
        f"<dir>{escape(str(importlib.resources.files(package)))}</dir>" for package in _PACKAGES
    )
    families = ""
    for style, names in _FAMILIES.items():
        ours = "".join(f"<family>Noto {style} {region}</family>" for region in _FONTS.get(locale, _OTHERS))
        for name in names:
            families += f'<alias binding="strong"><family>{name}</family><prefer>{ours}</prefer></alias>'
    return _CONFIGURATION.format(folders=folders, cache=escape(cache), families=families)


def main() -> None:
    """Read a page, write it as PDF."""
    _limit()
    import plutoprint

    class Nothing(plutoprint.ResourceFetcher):
        def fetch_url(self, url: str) -> plutoprint.ResourceData:
            raise PermissionError(url[:200])

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "fonts.conf").write_text(configuration(sys.argv[1], folder), encoding="utf-8")
        plutoprint.plutobook_set_fontconfig_path(folder)
        book = plutoprint.Book(plutoprint.PAGE_SIZE_A4)
        book.custom_resource_fetcher = Nothing()
        book.load_html(sys.stdin.buffer.read().decode())
        book.set_metadata(plutoprint.PDF_METADATA_CREATOR, "Callwright")
        pdf = Path(folder, "page.pdf")
        book.write_to_pdf(str(pdf))
        sys.stdout.buffer.write(pdf.read_bytes())


def _limit() -> None:
    """Take no more time and memory than a page can need."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
    # macOS has no limit of this kind.
    with suppress(ValueError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


if __name__ == "__main__":
    main()
