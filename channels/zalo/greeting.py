"""Zalo's set-up calls: the probe when the webhook's URL is saved, and the check that the domain is ours."""

from html import escape

from core.ports import Answer, Knock

_PAGE = """<!DOCTYPE html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="zalo-platform-site-verification" property="zalo-platform-site-verification" content="{code}">
</head>
<body>{code}</body>
</html>
"""


def greet(knock: Knock, verifier: str) -> Answer | None:
    """The answer to a probe or domain check; None for everything else, deliveries included."""
    if knock.method == "POST":
        return Answer(200) if _is_probe(knock) else None
    page = knock.path.rpartition("/")[2]
    if verifier and knock.method in {"GET", "HEAD"} and page in {"", f"zalo_verifier{verifier}.html"}:
        return Answer(200, _PAGE.format(code=escape(verifier)).encode(), {"content-type": "text/html; charset=utf-8"})
    return None


def _is_probe(knock: Knock) -> bool:
    # Saving the URL sends an unsigned `{}`, which must be answered 200. zalo: configuration and transport
    return "x-zevent-signature" not in knock.headers and b"".join(knock.body.split()) == b"{}"
