"""The page on which a person reads what became of their request for erasure. No script, nothing from elsewhere."""

from collections.abc import Mapping
from typing import Final

from starlette.responses import HTMLResponse

from storage.erasure import Request

_STATES: Final[Mapping[str, tuple[str, str]]] = {
    "asked": (
        "Yêu cầu đã được ghi nhận và đang chờ thực hiện.",
        "Your request has been recorded and will be carried out shortly.",
    ),
    "started": (
        "Nội dung trò chuyện đã được xóa. Một phản ánh của Ông/Bà đang được chuyển sang hệ thống hồ sơ; phần còn lại"
        " được xóa ngay khi chuyển xong.",
        "The conversation has been erased. A report of yours is still on its way to the records system; the rest is"
        " erased as soon as it has arrived.",
    ),
    "done": (
        "Đã xóa: nội dung trò chuyện, tên hiển thị và tệp Ông/Bà đã gửi.",
        "Done: the conversation, your display name and the files that you sent have been erased.",
    ),
    "kept": (
        "Đã xóa nội dung trò chuyện, tên hiển thị và các tệp không thuộc hồ sơ. Phản ánh, kiến nghị đã được tiếp nhận"
        " (kèm tệp của hồ sơ) vẫn được lưu trong hồ sơ của cơ quan nhà nước theo pháp luật về lưu trữ, nên"
        " không xóa theo yêu cầu này.",
        "The conversation, your display name and files outside a report have been erased. Reports that were accepted,"
        " with their files, stay in the public authority's records as the law on archives requires; they cannot be"
        " erased on this request.",
    ),
    "nothing": (
        "Hệ thống không lưu cuộc trò chuyện nào của tài khoản này, nên không có dữ liệu phải xóa.",
        "We hold no conversation of this account, so there is nothing to erase.",
    ),
}
_UNKNOWN: Final = (
    "Không có yêu cầu nào mang mã này. Xin kiểm tra lại mã xác nhận.",
    "There is no request with this code. Please check the confirmation code.",
)
_PAGE: Final = """<!doctype html>
<html lang="vi">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>Yêu cầu xóa dữ liệu cá nhân</title>
<style>
body {{ margin: 0; color: #1c2733; background: #f3f5f7; }}
body {{ font: 18px/1.6 system-ui, "Noto Sans", "Liberation Sans", sans-serif; }}
main {{ max-width: 40rem; margin: 8vh auto; padding: 2rem; background: #fff; }}
main {{ border: 1px solid #d9dfe5; border-radius: 8px; }}
h1 {{ font-size: 1.4rem; line-height: 1.3; margin: 0 0 1rem; }}
h2 {{ font-size: 1.1rem; margin: 1.5rem 0 .5rem; }}
.code {{ font-family: ui-monospace, monospace; overflow-wrap: anywhere; }}
.quiet {{ color: #4a5763; font-size: .95rem; }}
</style>
</head>
<body>
<main>
<h1>Yêu cầu xóa dữ liệu cá nhân</h1>
<p role="status"><strong>{vietnamese}</strong></p>
{told_vietnamese}
<section lang="en">
<h2>Request to erase personal data</h2>
<p>{english}</p>
{told_english}
</section>
</main>
</body>
</html>
"""
_TOLD_VIETNAMESE: Final = """<p class="quiet">Mã xác nhận: <span class="code">{code}</span><br>
Ghi nhận ngày {asked}{done}. Bản sao của tệp được hủy hẳn trong vòng một giờ sau khi xóa; bản sao lưu dự phòng
hết hạn theo lịch của đơn vị vận hành.</p>"""
_TOLD_ENGLISH: Final = """<p class="quiet">Recorded on {asked}{done}. Copies of files are destroyed within an hour;
backups run out on the operator's schedule.</p>"""
_HEADERS: Final = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def page(request: Request | None) -> HTMLResponse:
    """The state of a request in Vietnamese and English; status 404 when there is none."""
    if request is None:
        vietnamese, english = _UNKNOWN
        body = _PAGE.format(vietnamese=vietnamese, english=english, told_vietnamese="", told_english="")
        return HTMLResponse(body, 404, headers=_HEADERS)
    vietnamese, english = _STATES[request.status]
    asked = f"{request.asked_at:%d/%m/%Y}"
    done = f"{request.done_at:%d/%m/%Y}" if request.done_at else ""
    body = _PAGE.format(
        vietnamese=vietnamese,
        english=english,
        told_vietnamese=_TOLD_VIETNAMESE.format(
            code=request.code, asked=asked, done=f", hoàn thành ngày {done}" if done else ""
        ),
        told_english=_TOLD_ENGLISH.format(asked=asked, done=f", completed on {done}" if done else ""),
    )
    return HTMLResponse(body, headers=_HEADERS)
