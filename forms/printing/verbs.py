"""The verbs of prints: which there are of an instance, and one of them as a page or as PDF."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

from engine import feel
from engine.context import Context
from engine.definition import Definition, get_definition_by_id
from engine.errors import NotFound
from engine.history import audit
from engine.i18n import _, translate
from engine.runtime import get_instance
from engine.work import may_see
from forms.printing.contents import contents_of, read_picture
from forms.printing.page import page
from forms.printing.pdf import make_pdf

STANDARD = "standard"
"""The print that every instance has; a process that names one so replaces it."""

_STANDARD_TITLE = _("Form and opinions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A way in which an instance can be printed.

    Args:
        name: As addresses have it.
        title: What people call it.
    """

    name: str
    title: str


def list_prints(ctx: Context, *, instance_id: str) -> Sequence[Print]:
    """Return the prints of an instance: those of its process, and the standard one.

    Args:
        ctx: An open transaction; who asks, and in which language.
        instance_id: Which instance.

    Raises:
        NotFound: There is none of this id, or it is not theirs to see.
    """
    return _prints(_seen(ctx, instance_id), ctx.locale)


def print_page(ctx: Context, *, instance_id: str, name: str) -> str:
    """Return a print as a page of HTML that needs nothing from elsewhere, and write down who asked.

    Args:
        ctx: Who asks, and in which language; no transaction is open.
        instance_id: Which instance.
        name: Which print.

    Raises:
        NotFound: There is no such instance or print, or it is not theirs to see.
    """
    with ctx.read():
        definition = _seen(ctx, instance_id)
        title = next((one.title for one in _prints(definition, ctx.locale) if one.name == name), None)
        if title is None:
            raise NotFound(_("There is no print %(name)s."), name=name)
        contents = contents_of(ctx, instance_id)
        body = feel.render(
            _template(definition, name),
            contents.scope,
            functions=contents.functions,
            now=contents.reader.now,
            locale=ctx.locale,
            escape=html.escape,
        )
        number = contents.instance["business_key"]
        made = page(
            body,
            title=f"{number} {title}" if number else title,
            locale=ctx.locale,
            picture=lambda source: read_picture(ctx, contents, source),
        )
    with ctx.write():
        audit(ctx, "instance.print", "instance", instance_id, {"print": name})
    return made


def print_pdf(ctx: Context, *, instance_id: str, name: str) -> bytes:
    """Return a print as PDF: see ``print_page``.

    Raises:
        NotFound: There is no such instance or print, or it is not theirs to see.
        TechnicalFailure: It could not be drawn; the message says why.
    """
    return make_pdf(print_page(ctx, instance_id=instance_id, name=name), ctx.locale)


def _seen(ctx: Context, instance_id: str) -> Definition:
    if not may_see(ctx, instance_id):
        raise NotFound(_("There is no such process instance."))
    return get_definition_by_id(ctx, get_instance(ctx, instance_id)["definition_id"])


def _prints(definition: Definition, locale: str) -> list[Print]:
    own = definition.manifest.prints
    found = [Print(name=name, title=definition.text(locale, title)) for name, title in own.items()]
    if STANDARD not in own:
        found.append(Print(name=STANDARD, title=translate(locale, _STANDARD_TITLE)))
    return found


def _template(definition: Definition, name: str) -> str:
    content = definition.package.print_template(name) if name in definition.manifest.prints else None
    if content is None:
        content = files("forms.printing").joinpath("prints/standard.html").read_bytes()
    return content.decode()
