"""What the Bot API takes. Limits: Bot API reference and the constants of python-telegram-bot 22.8."""

from core.capabilities import Capabilities, Limit, Support, Unit

CAPABILITIES = Capabilities(
    text=Limit(4096, Unit.UTF16),  # counted after entities, of which we send none
    choices=Support.NATIVE,
    max_choices=100,
    choice_label=Limit(40, Unit.CODE_POINTS),  # ours: phones cut longer labels off
    choice_key=Limit(64, Unit.BYTES),  # callback_data
    caption=Limit(1024, Unit.UTF16),
    ask_place=Support.NATIVE,
    ask_phone=Support.NATIVE,
    albums=True,
    edits=True,
)

DOWNLOAD_LIMIT = 20 * 1024 * 1024
"""The largest file getFile hands out, in bytes."""

PHOTO_LIMIT, UPLOAD_LIMIT = 10 * 1024 * 1024, 50 * 1024 * 1024
"""The largest picture for sendPhoto and the largest file of any kind, in bytes."""
