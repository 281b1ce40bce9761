"""Message classes with the names of PyPI `zalo-sdk`, for code that was written against it. zalo: client API shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ZaloRecipient:
    """Whom to write to; the first of the three that is set counts."""

    message_id: str = ""
    user_id: str = ""
    target: Mapping[str, str] = field(default_factory=dict)

    def toDict(self) -> dict[str, Any]:  # the SDK's spelling
        if self.message_id:
            return {"message_id": self.message_id}
        return {"user_id": self.user_id} if self.user_id else {"target": dict(self.target)}


@dataclass(frozen=True, slots=True)
class ZaloTemplateElement:
    """One element of a template, with whatever fields its template type has."""

    fields: Mapping[str, Any]

    def __init__(self, **fields: Any) -> None:
        object.__setattr__(self, "fields", fields)

    def toDict(self) -> dict[str, Any]:
        return dict(self.fields)


@dataclass(frozen=True, slots=True)
class ZaloAttachmentTemplate:
    """Payload of an attachment of type `template`. A message with buttons only has no template type."""

    template_type: str = ""
    elements: Sequence[ZaloTemplateElement] = ()
    buttons: Sequence[Mapping[str, Any]] = ()

    def toDict(self) -> dict[str, Any]:
        payload: dict[str, Any] = {"template_type": self.template_type} if self.template_type else {}
        if self.elements:
            payload["elements"] = [element.toDict() for element in self.elements]
        if self.buttons:
            payload["buttons"] = [dict(button) for button in self.buttons]
        return payload


@dataclass(frozen=True, slots=True)
class ZaloAttachmentFile:
    """Payload of an attachment of type `file`: the token of an upload."""

    token: str

    def toDict(self) -> dict[str, Any]:
        return {"token": self.token}


@dataclass(frozen=True, slots=True)
class ZaloAttachment:
    payload_type: str
    payload: ZaloAttachmentTemplate | ZaloAttachmentFile

    def toDict(self) -> dict[str, Any]:
        return {"type": self.payload_type, "payload": self.payload.toDict()}


@dataclass(frozen=True, slots=True)
class ZaloMessageBody:
    text: str = ""
    attachment: ZaloAttachment | None = None
    quote_message_id: str = ""

    def toDict(self) -> dict[str, Any]:
        body: dict[str, Any] = {"text": self.text} if self.text else {}
        if self.attachment is not None:
            body["attachment"] = self.attachment.toDict()
        if self.quote_message_id:
            body["quote_message_id"] = self.quote_message_id
        return body


@dataclass(frozen=True, slots=True)
class ZaloAction:
    """A reaction: free, outside all quotas, and the nearest thing to a typing indicator."""

    react_icon: str
    react_message_id: str

    def toDict(self) -> dict[str, Any]:
        return {"react_icon": self.react_icon, "react_message_id": self.react_message_id}
