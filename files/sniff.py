"""What a file really is, by its first bytes. Names and claimed types are never believed."""

from dataclasses import dataclass

from core.model import MediaKind


@dataclass(frozen=True, slots=True)
class FileType:
    ext: str
    mime: str
    kind: MediaKind


JPEG = FileType("jpg", "image/jpeg", MediaKind.IMAGE)
_TYPES = {
    kind.ext: kind
    for kind in (
        JPEG,
        FileType("png", "image/png", MediaKind.IMAGE),
        FileType("gif", "image/gif", MediaKind.IMAGE),
        FileType("webp", "image/webp", MediaKind.IMAGE),
        FileType("heic", "image/heic", MediaKind.IMAGE),
        FileType("avif", "image/avif", MediaKind.IMAGE),
        FileType("mp4", "video/mp4", MediaKind.VIDEO),
        FileType("mov", "video/quicktime", MediaKind.VIDEO),
        FileType("3gp", "video/3gpp", MediaKind.VIDEO),
        FileType("webm", "video/webm", MediaKind.VIDEO),
        FileType("m4a", "audio/mp4", MediaKind.AUDIO),
        FileType("mp3", "audio/mpeg", MediaKind.AUDIO),
        FileType("aac", "audio/aac", MediaKind.AUDIO),
        FileType("amr", "audio/amr", MediaKind.AUDIO),
        FileType("ogg", "audio/ogg", MediaKind.AUDIO),
        FileType("wav", "audio/wav", MediaKind.AUDIO),
        FileType("pdf", "application/pdf", MediaKind.FILE),
    )
}

_STARTS = (
    (b"\xff\xd8\xff", "jpg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"%PDF-", "pdf"),
    (b"\x1aE\xdf\xa3", "webm"),
    (b"ID3", "mp3"),
    (b"\xff\xfb", "mp3"),
    (b"\xff\xf3", "mp3"),
    (b"\xff\xf2", "mp3"),
    (b"\xff\xf1", "aac"),
    (b"\xff\xf9", "aac"),
    (b"#!AMR", "amr"),
    (b"OggS", "ogg"),
)
_RIFF = {b"WEBP": "webp", b"WAVE": "wav"}
# ISO base media files name their kind ("brand") after the word ftyp.
_BRANDS = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1"), "heic"),
    **dict.fromkeys((b"avif", b"avis"), "avif"),
    **dict.fromkeys((b"3gp4", b"3gp5", b"3gp6", b"3g2a"), "3gp"),
    **dict.fromkeys((b"M4A ", b"M4B "), "m4a"),
    b"qt  ": "mov",
}
_ARCHIVES = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"Rar!\x1a\x07",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ\x00",
    b"(\xb5/\xfd",
)


def is_archive(body: bytes) -> bool:
    """Zip and its children (Office files, apk), rar, 7z, gzip, bzip2, xz, zstd, tar."""
    return body.startswith(_ARCHIVES) or body[257:262] == b"ustar"


def sniff(body: bytes) -> FileType | None:
    """The file's type, or None for one that we do not know."""
    if body[:4] == b"RIFF":
        return _TYPES.get(_RIFF.get(body[8:12], ""))
    if body[4:8] == b"ftyp":
        return _TYPES[_BRANDS.get(body[8:12], "mp4")]
    return next((_TYPES[ext] for start, ext in _STARTS if body.startswith(start)), None)
