"""A deployed package in memory: its files read once, compiled once, shared by all its instances."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatch
from functools import cached_property

from lxml import etree

from engine import decision
from engine.decision import DecisionModel
from engine.definition.manifest import FILE, ProcessManifest, read_process_manifest
from engine.i18n import read_catalogue
from engine.machine import ProcessSpec, parse

# Function names with blanks that expressions of a process may use.
NAMES = frozenset(
    {
        "working time.add",
        "working time.between",
        "working days between",
        "manager of",
        "head of",
        "people of",
        "groups of",
        "units of",
    }
)


@dataclass(frozen=True, kw_only=True)
class Package:
    """The files of one deployment and what they mean.

    Args:
        id: The deployment's id.
        key: The folder's key.
        files: Path to content.
    """

    id: str
    key: str
    files: Mapping[str, bytes] = field(repr=False)

    @cached_property
    def manifest(self) -> ProcessManifest | None:
        """The process folder's manifest; None for loose files."""
        return read_process_manifest(self.files[FILE]) if FILE in self.files else None

    @cached_property
    def processes(self) -> dict[str, tuple[str, ProcessSpec]]:
        """Every process of its drawings: key to path and specification."""
        found: dict[str, tuple[str, ProcessSpec]] = {}
        for path in self.matching("*.bpmn"):
            for key, spec in parse(path, self.files[path], names=NAMES).processes.items():
                found[key] = (path, spec)
        return found

    @cached_property
    def decisions(self) -> dict[str, DecisionModel]:
        """Every decision of its models, by id and by name."""
        found: dict[str, DecisionModel] = {}
        for path in self.matching("*.dmn"):
            model = decision.parse(self.files[path])
            for named in model.decisions.values():
                found[named.id] = model
                found.setdefault(named.name, model)
        return found

    @cached_property
    def catalogues(self) -> dict[str, dict[str, str]]:
        """The Chinese of its texts, by locale."""
        return {
            path.split("/")[1]: read_catalogue(self.files[path])
            for path in self.matching("locale/*/LC_MESSAGES/messages.po")
        }

    def matching(self, pattern: str) -> list[str]:
        """Return the paths of its files that match a pattern."""
        return sorted(path for path in self.files if fnmatch(path, pattern))

    def text(self, locale: str, source: str) -> str:
        """Say one of its texts in a language; English where its catalogue has nothing."""
        return self.catalogues.get(locale, {}).get(source, source)

    def drawing(self, path: str, locale: str) -> bytes:
        """Return a drawing with the names of its elements in a language."""
        said = self.catalogues.get(locale)
        if not said:
            return self.files[path]
        root = etree.fromstring(self.files[path], etree.XMLParser(resolve_entities=False, no_network=True))
        for element in root.iter():
            if isinstance(element.tag, str) and element.get("name") in said:
                element.set("name", said[element.get("name")])
        return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8"))

    def form(self, key: str) -> bytes | None:
        """Return a form by its key: ``forms/KEY.form``, or ``KEY.form`` among loose files."""
        return self.files.get(f"forms/{key}.form") or self.files.get(f"{key}.form")

    def message(self, key: str) -> bytes | None:
        """Return a message template by its key: ``messages/KEY.toml``."""
        return self.files.get(f"messages/{key}.toml")
