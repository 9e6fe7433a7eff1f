import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from engine.i18n import read_catalogue
from forms.printing import said_in

ROOT = Path(__file__).parents[2] / "forms"
HOLE = re.compile(r"%\(\w+\)s")


@pytest.mark.parametrize("locale", ["zh_Hans", "zh_Hant"])
def test_all_that_forms_say_is_said_in_chinese(locale: str) -> None:
    said = read_catalogue((ROOT / "locale" / locale / "LC_MESSAGES" / "messages.po").read_bytes())
    sources = {message for _file, _line, message, *_ in extract_from_dir(ROOT, keywords={"_": None})}
    standard = (ROOT / "printing" / "prints" / "standard.html").read_bytes()
    sources |= {text for text, _line in said_in(standard)}
    assert set(said) == sources
    for source, translation in said.items():
        assert sorted(HOLE.findall(source)) == sorted(HOLE.findall(translation)), source
