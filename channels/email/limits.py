"""How much of a mail is read. Beyond a limit it is cut and says so in its problems; nothing is refused."""

from typing import Final

MAX_MAIL: Final = 35 * 1024 * 1024
"""Bytes of a mail that is fetched whole: base64 makes 25 MB of photos 34 MB of mail."""

MAX_HEADER_BLOCK: Final = 256 * 1024
"""Bytes of one header block; the rest of it is cut."""

MAX_PART_HEADER: Final = 32 * 1024
"""Bytes of the header block of one part inside a mail."""

MAX_PARTS: Final = 500
MAX_DEPTH: Final = 40

MAX_DERIVED: Final = 100
"""Files taken out of one container: a winmail.dat, a forwarded mail, a uuencoded text."""

BOUNDARY_WINDOW: Final = 256 * 1024
"""How far behind the header of a multipart its first boundary line is looked for."""

MAX_TEXT: Final = 2 * 1024 * 1024
"""Bytes of one text part that are decoded; letters, not books."""

MAX_ADDRESSES: Final = 200
MAX_ADDRESS_HEADER: Final = 64 * 1024
"""Characters of one address header that are looked at."""

MAX_IDS: Final = 100
MAX_SUBJECT: Final = 1000
MAX_FILE_NAME: Final = 150

MAX_ATTACHMENTS: Final = 20
MAX_ATTACHMENT: Final = 25 * 1024 * 1024
MAX_ATTACHMENTS_SUM: Final = 35 * 1024 * 1024
