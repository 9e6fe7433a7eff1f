"""The catalogues as one: pages and workers look a text up in all of them at once."""

import io

import pytest
from babel.messages.pofile import read_po

from admin.check.catalogues import LOCALES, find_owners


@pytest.mark.parametrize("locale", LOCALES)
def test_a_text_that_several_owners_have_is_said_alike_by_all(root, locale):
    said = {}
    for owner in find_owners(root):
        path = owner.catalogue(locale)
        if owner.is_process or not path.is_file():
            continue
        for message in read_po(io.BytesIO(path.read_bytes()), locale=locale):
            if message.id and message.string:
                said.setdefault(message.id, {}).setdefault(message.string, []).append(owner.name)
    assert {text: ways for text, ways in said.items() if len(ways) > 1} == {}
