"""Decides what one native record is: a resource in one version, with the resources that it refers to."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from adapters.health.element import Element
from adapters.health.r4 import check
from adapters.sdk.declaration import NotTranslated

FOCAL = ("ServiceRequest", "Communication")
_LITERAL = re.compile(r"^(?P<base>https?://[^\s]+/)?(?P<kind>[A-Z][A-Za-z]{2,40})/(?P<id>[A-Za-z0-9.-]{1,64})"
                      r"(/_history/[A-Za-z0-9.-]{1,64})?\Z")  # fmt: skip


class NotThere(NotTranslated):
    """A resource that the record refers to is not with it: the edge looks for it, and if it isn't there, says so."""

    def __init__(self, literal: str, path: str) -> None:
        """`literal` is `Type/id`."""
        super().__init__(
            "not-found", path=path, remedy="the resource that this refers to can't be read: see that it is there"
        )
        self.literal = literal


@dataclass(frozen=True, slots=True)
class Collected:
    """A ServiceRequest or Communication in one version, and what was read with it."""

    focal: Mapping[str, Any] = field(repr=False)
    related: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """By `Type/id`, and by `fullUrl` where that is a URN."""
    base: str = ""
    """The server's own base URL with its slash: absolute references below it are its own resources."""

    @property
    def literal(self) -> str:
        """`Type/id` of the focal resource."""
        return f"{self.focal.get('resourceType')}/{self.focal.get('id')}"

    @property
    def reference(self) -> str:
        """`Type/id/_history/version`: what names this version, and always will."""
        return f"{self.literal}/_history/{version_of(self.focal)}"

    def root(self) -> Element:
        """The focal resource, to be read."""
        return Element(self.focal, str(self.focal.get("resourceType")))

    def resolved(self, reference: Element) -> tuple[str, Element]:
        """The resource that a Reference names, and its `Type/id` (empty where it is contained).

        Raises NotThere where it is one of the server's and not among what was read, NotTranslated where it can't be.
        """
        literal = reference.text("reference") or ""
        if literal.startswith("#"):
            return "", self._contained(literal[1:], reference)
        if literal.startswith("urn:") and literal in self.related:
            found = self.related[literal]
            return f"{found.get('resourceType')}/{found.get('id')}", _checked(found)
        matched = _LITERAL.match(literal)
        if matched is None:
            raise reference.wrong("no-literal-reference", remedy="refer to a resource of this server by Type/id")
        if matched["base"] not in (None, self.base):
            raise reference.wrong(
                "reference-elsewhere", remedy="refer to a resource of this server: others aren't read"
            )
        key = f"{matched['kind']}/{matched['id']}"
        if key not in self.related:
            raise NotThere(key, reference.path)
        return key, _checked(self.related[key])

    def with_resource(self, literal: str, resource: Mapping[str, Any]) -> Self:
        """The same record with one more resource."""
        return replace(self, related={**self.related, literal: resource})

    def _contained(self, name: str, reference: Element) -> Element:
        for contained in self.root().each("contained"):
            if contained.text("id") == name:
                return Element(contained.value, contained.path)
        raise reference.wrong("not-contained", remedy="contain the resource that is referred to")


def collected(bundle: Mapping[str, Any], *, base: str = "") -> Iterator[Collected]:
    """The records of a searchset Bundle; raises NotTranslated where it is none."""
    root = Element(bundle, "Bundle")
    if root.text("resourceType") != "Bundle" or root.text("type") != "searchset":
        raise root.wrong("not-a-searchset", remedy="a search is answered with a Bundle of type searchset")
    found, related = [], dict[str, Mapping[str, Any]]()
    for entry in root.each("entry"):
        resource, search = entry.child("resource"), entry.child("search")
        if resource is None:
            continue
        full_url = entry.text("fullUrl") or ""
        kind, name = resource.text("resourceType"), resource.text("id")
        related[f"{kind}/{name}"] = resource.value
        if full_url.startswith("urn:"):
            related[full_url] = resource.value
        mode = search.text("mode") if search is not None else None
        if kind in FOCAL and mode in (None, "match"):
            found.append(resource.value)
    for focal in found:
        yield Collected(focal, related, base)


def version_of(resource: Mapping[str, Any]) -> str:
    """The version of a resource; raises NotTranslated where it has none."""
    kind, meta = resource.get("resourceType"), resource.get("meta")
    version = meta.get("versionId") if isinstance(meta, dict) else None
    if not isinstance(version, str) or not version:
        raise NotTranslated(
            "no-version", path=f"{kind}.meta.versionId", remedy="the server has to version its resources: see README"
        )
    return version


def _checked(resource: Mapping[str, Any]) -> Element:
    check(resource)
    return Element(resource, str(resource.get("resourceType")))
