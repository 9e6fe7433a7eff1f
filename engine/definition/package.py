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
from engine.i18n import read_catalogue, translate
from engine.machine import Parsed, ProcessSpec, parse

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
        lent: What installed plug-ins lend to every process: ``Registry.lent``.
        deployed: Whether it was deployed: what was accepted then can always be read, whatever is refused now.
    """

    id: str
    key: str
    files: Mapping[str, bytes] = field(repr=False)
    lent: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    deployed: bool = False
    # Its drawings and decision models as far as they were read: large ones take seconds.
    _parsed: dict[str, Parsed] = field(default_factory=dict, repr=False, compare=False)
    _models: dict[str, DecisionModel] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def manifest(self) -> ProcessManifest | None:
        """The process folder's manifest; None for loose files."""
        return read_process_manifest(self.files[FILE]) if FILE in self.files else None

    @cached_property
    def processes(self) -> dict[str, tuple[str, ProcessSpec]]:
        """Every process of its drawings: key to path and specification."""
        return {
            key: (path, spec)
            for path, drawn in self.drawings.items()
            for key, spec in drawn.processes.items()
        }

    @cached_property
    def drawings(self) -> dict[str, Parsed]:
        """What each of its drawings holds, by path."""
        return {path: self.drawn(path) for path in self.matching("*.bpmn")}

    @property
    def element_count(self) -> int:
        """How many elements its drawings have, as far as they were read."""
        parsed = list(self._parsed.values())
        return sum(len(spec.nodes) for drawn in parsed for spec in drawn.processes.values())

    def drawn(self, path: str) -> Parsed:
        """Read a drawing, once.

        Raises:
            DefinitionError: Something in it cannot run; ``problems`` lists everything.
        """
        if path not in self._parsed:
            self._parsed[path] = parse(path, self.files[path], names=NAMES, accepted=self.deployed)
        return self._parsed[path]

    def model(self, path: str) -> DecisionModel:
        """Read a decision model, once.

        Raises:
            DefinitionError: It cannot be read.
        """
        if path not in self._models:
            self._models[path] = decision.parse(self.files[path])
        return self._models[path]

    @cached_property
    def decisions(self) -> dict[str, DecisionModel]:
        """Every decision of its models, by id and by name."""
        found: dict[str, DecisionModel] = {}
        for path in self.matching("*.dmn"):
            model = self.model(path)
            for named in model.decisions.values():
                found[named.id] = model
                found.setdefault(named.name, model)
        return found

    @cached_property
    def catalogues(self) -> dict[str, Mapping[str, str]]:
        """The Chinese of its texts, by locale."""
        return {
            path.split("/")[1]: read_catalogue(self.files[path])
            for path in self.matching("locale/*/LC_MESSAGES/messages.po")
        }

    def matching(self, pattern: str) -> list[str]:
        """Return the paths of its files that match a pattern."""
        return sorted(path for path in self.files if fnmatch(path, pattern))

    def text(self, locale: str, source: str) -> str:
        """Say one of its texts in a language: by its own catalogue, else by those of what is installed."""
        return self.catalogues.get(locale, {}).get(source) or translate(locale, source)

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
        """Return a form by its key.

        Args:
            key: ``forms/KEY.form``, or ``KEY.form`` among loose files; else ``PLUGIN.KEY`` of a plug-in.
        """
        path = f"forms/{key}.form"
        return self.files.get(path) or self.files.get(f"{key}.form") or self.lent.get(path)

    def message(self, key: str) -> bytes | None:
        """Return a message template by its key.

        Args:
            key: ``messages/KEY.toml``; else ``PLUGIN.KEY`` of a plug-in.
        """
        path = f"messages/{key}.toml"
        return self.files.get(path) or self.lent.get(path)

    def print_template(self, name: str) -> bytes | None:
        """Return a print template: ``prints/NAME.html``."""
        return self.files.get(f"prints/{name}.html")
