"""Decides what a notification is as a file for the force's system: `notification.xsd`, one XML file each.

Elements have the contracts' own field names in Pascal case, so that nothing the force may see is lost on the way.
"""

from typing import Any
from xml.etree.ElementTree import Element, SubElement

from adapters.police.native import NotificationFile
from adapters.police.written import document, element, text_of
from contracts.base import Contract
from contracts.delivery import Delivery
from contracts.registry import REGISTRY

NAMESPACE = "urn:dolen:police:notification:1"
ROOT = "HubNotification"


def to_native(delivery: Delivery) -> NotificationFile:
    """The file that tells the force."""
    kind = REGISTRY[delivery.type]
    root = element(ROOT, namespace=NAMESPACE)
    for name, value in (
        ("Id", delivery.id),
        ("Sender", delivery.source),
        ("SenderEvent", delivery.origin),
        ("Type", delivery.type),
        ("TitleCy", kind.title_cy),
        ("TitleEn", kind.title_en),
        ("Happened", delivery.time),
        ("Child", delivery.subject),
        ("Episode", delivery.correlationid),
        ("Sequence", delivery.sequence),
        ("Recipient", delivery.recipient),
        ("View", delivery.view),
    ):
        SubElement(root, name).text = text_of(value)
    _add(root, body_name(delivery.type), delivery.data)
    return NotificationFile(f"{delivery.id}.xml", document(root))


def body_name(event_type: str) -> str:
    """`…referrals.submitted.v1` is told in the element `ReferralsSubmittedV1`."""
    return "".join(
        word.capitalize() for word in event_type.removeprefix("wales.child-protection.").replace(".", "-").split("-")
    )


def element_name(field: str) -> str:
    """`date_of_birth` is the element `DateOfBirth`."""
    return "".join(word.capitalize() for word in field.split("_"))


def _add(parent: Element, name: str, value: Any) -> None:
    if isinstance(value, tuple):
        for one in value:
            _add(parent, name, one)
    elif isinstance(value, Contract):
        below = SubElement(parent, name)
        for field in type(value).model_fields:
            _add(below, element_name(field), getattr(value, field))
    elif value is not None:
        SubElement(parent, name).text = text_of(value)
