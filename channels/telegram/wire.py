"""The few fields of an update and of an answer that we read (Bot API 10.x). Everything else is skipped undecoded.

Not declared is not decoded: a new member in a part we do not read can't make a citizen's message unreadable.
"""

from typing import Annotated

from msgspec import Meta, Raw, Struct, field

Timestamp = Annotated[int, Meta(ge=0, le=253_402_300_799)]
"""Unix seconds up to the year 9999."""
Size = Annotated[int, Meta(ge=0)]


class User(Struct):
    id: int
    is_bot: bool = False
    first_name: str = ""
    last_name: str = ""
    language_code: str = ""


class Chat(Struct):
    id: int
    type: str


class Entity(Struct):
    type: str
    offset: Size
    length: Size
    url: str = ""


class File(Struct):
    """A photo size, document, video, voice or any other downloadable thing."""

    file_id: str
    file_size: Size | None = None
    mime_type: str = ""
    file_name: str = ""
    duration: Size | None = None
    width: int = 0
    height: int = 0


class Sticker(Struct):
    emoji: str = ""
    set_name: str = ""


class Location(Struct):
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class Venue(Struct):
    location: Location
    title: str = ""
    address: str = ""


class ContactCard(Struct):
    phone_number: str
    first_name: str = ""
    last_name: str = ""
    user_id: int | None = None


class MessageId(Struct):
    message_id: int


class Message(Struct):
    message_id: int
    chat: Chat
    date: Timestamp
    sender: User | None = field(name="from", default=None)
    edit_date: Timestamp = 0
    text: str = ""
    entities: tuple[Entity, ...] = ()
    caption: str = ""
    caption_entities: tuple[Entity, ...] = ()
    media_group_id: str = ""
    reply_to_message: MessageId | None = None
    forward_origin: Raw = Raw()
    photo: tuple[File, ...] = ()
    animation: File | None = None
    document: File | None = None
    video: File | None = None
    video_note: File | None = None
    voice: File | None = None
    audio: File | None = None
    sticker: Sticker | None = None
    venue: Venue | None = None
    location: Location | None = None
    contact: ContactCard | None = None
    migrate_to_chat_id: int | None = None


class PressedMessage(Struct):
    """The message a button hangs on; of an inaccessible one only these two are left."""

    message_id: int
    chat: Chat


class CallbackQuery(Struct):
    id: str
    sender: User = field(name="from")
    message: PressedMessage | None = None
    data: str | None = None


class Member(Struct):
    status: str


class MemberUpdate(Struct):
    chat: Chat
    date: Timestamp
    new_chat_member: Member


class Update(Struct):
    update_id: int
    message: Message | None = None
    edited_message: Message | None = None
    callback_query: CallbackQuery | None = None
    my_chat_member: MemberUpdate | None = None


class Hints(Struct):
    retry_after: Annotated[float, Meta(ge=0)] | None = None
    migrate_to_chat_id: int | None = None


class Reply(Struct):
    """What every method answers."""

    ok: bool
    result: Raw = Raw(b"null")
    error_code: int = 0
    description: str = ""
    parameters: Hints | None = None


class Sent(Struct):
    message_id: int
    date: Timestamp


class FilePath(Struct):
    file_path: str = ""


class PolledUpdate(Struct):
    update_id: int
