"""The registry: everything installed, filled while the product starts, then closed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from types import ModuleType
from typing import Any

from engine.errors import ConfigurationError
from engine.i18n import _
from engine.plugin.manifest import Manifest, SettingSpec
from engine.plugin.offers import Gateway, JobKind, Lookup, ParameterGateway, ResourceKind, ServiceTask

# The rooms of a plug-in, by who loads them. A worker's rooms know no web.
WORKER_ROOMS = ("models", "services", "service_tasks", "lookups", "jobs", "channel")
WEB_ROOMS = ("views", "rest", "webhooks")

# The function by which a room is entered.
_DOORS = {
    "channel": "gateway", "views": "register", "rest": "register", "webhooks": "blueprint", "demo": "load",
}  # fmt: skip

# What a plug-in lends to every process.
_LENT = ("forms/*.form", "messages/*.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One installed capability: its manifest and the rooms that were loaded."""

    manifest: Manifest
    package: str
    rooms: Mapping[str, ModuleType] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The folder's name."""
        return self.manifest.name


@dataclass
class Registry:
    """What is installed. Read-only once closed.

    Args:
        lent: The forms and messages of plug-ins, which every process may use: ``forms/tickets.note.form``.
    """

    plugins: dict[str, Plugin] = field(default_factory=dict)
    service_tasks: dict[str, ServiceTask] = field(default_factory=dict)
    lookups: dict[str, Lookup] = field(default_factory=dict)
    job_kinds: dict[str, JobKind] = field(default_factory=dict)
    listeners: list[Callable[..., None]] = field(default_factory=list)
    gateways: dict[str, Gateway | ParameterGateway] = field(default_factory=dict)
    resource_kinds: dict[str, ResourceKind] = field(default_factory=dict)
    ports: dict[str, Callable[..., Any]] = field(default_factory=dict)
    settings: dict[str, SettingSpec] = field(default_factory=dict)
    lent: dict[str, bytes] = field(default_factory=dict, repr=False)
    closed: bool = False

    def add_plugin(self, plugin: Plugin) -> None:
        """Take in a plug-in and what its rooms offer.

        Raises:
            ConfigurationError: Something of that name is there already, or a need is missing.
        """
        for needed in plugin.manifest.depends:
            if needed not in self.plugins:
                raise ConfigurationError(
                    "%(path)s: depends names %(needed)s, which is not installed.",
                    path=plugin.manifest.path / "plugin.toml",
                    needed=needed,
                )
        self._put(self.plugins, plugin.name, plugin, plugin.name)
        for spec in plugin.manifest.settings.values():
            self.add_setting(spec)
        for path in (found for pattern in _LENT for found in sorted(plugin.manifest.path.glob(pattern))):
            self.lent[f"{path.parent.name}/{plugin.name}.{path.name}"] = path.read_bytes()
        for room in plugin.rooms.values():
            for offered in _own_members(room):
                task = getattr(offered, "__service_task__", None)
                if isinstance(task, ServiceTask):
                    self._put(self.service_tasks, f"{plugin.name}.{task.verb}", task, plugin.name)
                finding = getattr(offered, "__lookup__", None)
                if isinstance(finding, Lookup):
                    self._put(self.lookups, f"{plugin.name}.{finding.name}", finding, plugin.name)
                if getattr(offered, "__listener__", False):
                    self.listeners.append(offered)
                checked = getattr(offered, "__checks__", None)
                if checked is not None:
                    self._check_setting(plugin, checked, offered)
                clockwork = getattr(offered, "__job__", None)
                if clockwork is not None:
                    verb, title, every_s, lane = clockwork
                    self.add_job_kind(
                        JobKind(
                            name=f"{plugin.name}.{verb}",
                            title=title,
                            function=offered,
                            every_s=every_s,
                            lane=lane,
                        )
                    )

    def _check_setting(self, plugin: Plugin, name: str, look: Callable[..., Any]) -> None:
        spec = plugin.manifest.settings.get(name)
        if spec is None:
            raise ConfigurationError(
                "%(path)s: %(function)s checks the setting %(name)s, which is not listed.",
                path=plugin.manifest.path / "plugin.toml",
                function=look.__name__,
                name=name,
            )
        self.settings[spec.key] = replace(spec, check=look)

    def add_gateway(self, gateway: Gateway | ParameterGateway) -> None:
        """Take in a gateway."""
        self._put(self.gateways, gateway.name, gateway, "gateways")

    def add_job_kind(self, kind: JobKind) -> None:
        """Take in a kind of job."""
        self._put(self.job_kinds, kind.name, kind, "jobs")

    def add_resource_kind(self, kind: ResourceKind) -> None:
        """Take in a kind of file of a process folder."""
        self._put(self.resource_kinds, kind.name, kind, "resources")

    def add_setting(self, spec: SettingSpec) -> None:
        """Take in something that an administrator may change."""
        self._put(self.settings, spec.key, spec, "settings")

    def add_port(self, name: str, function: Callable[..., Any]) -> None:
        """Take in what a higher floor does for a lower one, which calls it by this name.

        Args:
            name: ``finish_task``: finish a user task that has a form; ``check_submission``: see whether
                it could be; ``check_step``, ``warn_of_steps``: look at how a deployment's steps use their
                forms; ``people_with_role``: the keys of those whose login has it, by name;
                ``may_see_<owner kind>``, ``withholds_file``: who may read a stored file; ``give_login``: let
                somebody in by an invitation.
            function: What does it.
        """
        self._put(self.ports, name, function, "ports")

    def port(self, name: str) -> Callable[..., Any]:
        """Return what a higher floor does for a lower one.

        Raises:
            ConfigurationError: No installed floor does it.
        """
        if name not in self.ports:
            raise ConfigurationError("Nothing installed does %(name)s.", name=name)
        return self.ports[name]

    def close(self) -> None:
        """Everything is in: nothing more is taken."""
        self.closed = True

    def _put(self, where: dict[str, Any], name: str, thing: object, whose: str) -> None:
        if self.closed:
            raise ConfigurationError("%(name)s comes too late: the registry is closed.", name=name)
        if name in where:
            raise ConfigurationError(
                "%(whose)s: %(name)s is there already. Give one of them another name.", whose=whose, name=name
            )
        where[name] = thing


def load_rooms(package: str, manifest: Manifest, rooms: tuple[str, ...]) -> dict[str, ModuleType]:
    """Import the rooms that exist in a plug-in's folder.

    Args:
        package: The plug-in's package: ``plugins.tickets``.
        manifest: Its manifest.
        rooms: Which rooms to look for.

    Raises:
        ConfigurationError: A room does not import, or lacks the function by which it is entered; the message
            names it and the reason.
    """
    loaded: dict[str, ModuleType] = {}
    for room in rooms:
        if not (manifest.path / f"{room}.py").exists() and not (manifest.path / room).is_dir():
            continue
        try:
            loaded[room] = import_module(f"{package}.{room}")
        except Exception as error:
            raise ConfigurationError(
                "%(path)s does not load: %(reason)s",
                path=manifest.path / f"{room}.py",
                reason=f"{type(error).__name__}: {error}",
            ) from error
        door = _DOORS.get(room)
        if door is not None and not callable(getattr(loaded[room], door, None)):
            raise ConfigurationError(
                _(
                    "%(path)s: %(room)s.py is entered by %(door)s(), which it lacks. Write it, or take "
                    "the room away."
                ),
                path=f"{manifest.path / 'plugin.toml'}{'#gateways' if room == 'channel' else ''}",
                room=room,
                door=door,
            )
    return loaded


def _own_members(room: ModuleType) -> Iterator[Any]:
    """Yield what a room offers: written in it, or in a module of it where it is a package."""
    for member in vars(room).values():
        home = getattr(member, "__module__", None) or ""
        if home == room.__name__ or home.startswith(f"{room.__name__}."):
            yield member
