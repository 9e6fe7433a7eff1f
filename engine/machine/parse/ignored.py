"""What a drawing says and nothing here reads: a warning, so that nobody believes that it is heeded."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.i18n import _
from engine.machine.extensions import BPMN, CALLWRIGHT
from engine.machine.parse.flows import flow_nodes
from engine.machine.parse.reader import Reader, local

_HEEDED = {BPMN, CALLWRIGHT, "http://www.w3.org/2001/XMLSchema-instance"}
# Behind these every flow is taken, or the one whose event comes.
_WITHOUT_CONDITIONS = ("parallelGateway", "eventBasedGateway")
_PARTS = ("EventDefinition", "Characteristics", "extensionElements")
_UNREAD = (
    "resourceRole", "performer", "humanPerformer", "potentialOwner", "correlationSubscription", "ioBinding",
)  # fmt: skip


def tell_ignored(reader: Reader, process: etree._Element) -> None:
    """Warn of settings of other products and of what of BPMN is not read."""
    _foreign(reader, process)
    _unread(reader, process)
    _conditions(reader, process)


def _foreign(reader: Reader, process: etree._Element) -> None:
    """Name settings of other products, once for each of them and each kind of element."""
    found: dict[tuple[str, str], tuple[etree._Element, dict[str, None]]] = {}
    for element in process.iter(f"{{{BPMN}}}*"):
        owner = _owner(element)
        for name in _foreign_names(element):
            kind = etree.QName(owner).localname
            _first, names = found.setdefault((name.namespace or "", kind), (owner, {}))
            names[name.localname] = None
    for (namespace, kind), (first, names) in found.items():
        if (namespace, kind) in reader.told:
            continue
        reader.told.add((namespace, kind))
        reader.warn(
            first,
            _(
                "Settings of another product are not read: %(names)s (%(namespace)s) at each %(kind)s. "
                "Set what you need of them anew."
            ),
            names=", ".join(names),
            namespace=namespace,
            kind=kind,
        )


def _foreign_names(element: etree._Element) -> Iterator[etree.QName]:
    for name in element.attrib:
        attribute = etree.QName(name)
        if attribute.namespace is not None and attribute.namespace not in _HEEDED:
            yield attribute
    if etree.QName(element).localname == "extensionElements":
        for child in element:
            if isinstance(child.tag, str) and etree.QName(child).namespace not in _HEEDED:
                yield etree.QName(child)


def _owner(element: etree._Element) -> etree._Element:
    """Return the element of the drawing that something is set on: not a part of it, as a marker is."""
    if etree.QName(element).localname == "process" or (
        element.get("id") and not etree.QName(element).localname.endswith(_PARTS)
    ):
        return element
    return _owner(element.getparent())


def _unread(reader: Reader, process: etree._Element) -> None:
    for tag in _UNREAD:
        found = process.find(f".//{{{BPMN}}}{tag}")
        if found is not None and (BPMN, tag) not in reader.told:
            reader.told.add((BPMN, tag))
            reader.warn(
                _owner(found.getparent()), _("A %(tag)s is not read. Use callwright: settings."), tag=tag
            )


def _conditions(reader: Reader, process: etree._Element) -> None:
    gateways = {
        drawn.get("id"): drawn
        for drawn in flow_nodes(process)
        if etree.QName(drawn).localname in _WITHOUT_CONDITIONS
    }
    for flow in process.iter(f"{{{BPMN}}}sequenceFlow"):
        gateway = gateways.get(local(flow.get("sourceRef")))
        if gateway is not None and flow.find(f"{{{BPMN}}}conditionExpression") is not None:
            reader.warn(
                gateway,
                _("The condition of the flow %(flow)s is not read: this gateway asks no conditions."),
                flow=flow.get("id", ""),
            )
    for gateway in gateways.values():
        if gateway.get("default"):
            reader.warn(gateway, _("The default flow is not read: this gateway asks no conditions."))
