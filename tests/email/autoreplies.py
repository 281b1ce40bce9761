"""Answers that programs give: out of office in Vietnamese and other languages, acknowledgements, receipts."""

from collections.abc import Mapping

SENT = "Subject: =?utf-8?q?=5B=23TG-2025-000123=5D_Ph=E1=BA=A3n_=C3=A1nh?="


def mail(subject: str, body: str, *headers: str, sender: str = "Lê Hoa <hoa.le@example.com>") -> bytes:
    head = [
        f"From: {sender}",
        "To: tiepnhan@example.vn",
        f"Subject: {subject}",
        "Message-ID: <a1@example.com>",
        *headers,
    ]
    return "\n".join([*head, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", body, ""]).encode()


AWAY = "Tôi đi công tác đến hết ngày 20/1, sẽ trả lời sau."
RECEIPT = (
    "From: Hoa <hoa.le@example.com>\nTo: tiepnhan@example.vn\nSubject: Đã đọc: Phản ánh\nMIME-Version: 1.0\n"
    'Content-Type: multipart/report; report-type=disposition-notification; boundary="R"\n\n--R\nContent-Type:'
    " text/plain\n\n"
    "Thư đã được mở.\n\n--R\nContent-Type: message/disposition-notification\n\nReporting-UA: mail.example.com\n"
    "Final-Recipient: rfc822; hoa.le@example.com\nDisposition: manual-action/MDN-sent-manually; displayed\n\n--R--\n"
)
MEETING = (
    "From: Hoa <hoa.le@example.com>\nTo: tiepnhan@example.vn\nSubject: Accepted: Họp\nMIME-Version: 1.0\n"
    "Content-Type: text/calendar; method=REPLY; charset=utf-8\n\nBEGIN:VCALENDAR\nMETHOD:REPLY\nEND:VCALENDAR\n"
)

AUTOREPLIES: Mapping[str, bytes] = {
    "vi-exchange": mail("Trả lời tự động: [#TG-2025-000123] Phản ánh", AWAY, "X-Auto-Response-Suppress: All"),
    "vi-gmail-vacation": mail(
        "Re: [#TG-2025-000123] Phản ánh", AWAY, "Auto-Submitted: auto-replied", "Precedence: bulk"
    ),
    "vi-zimbra": mail("Tự động trả lời: Phản ánh", AWAY, "Auto-Submitted: auto-replied (zimbra; vacation)"),
    "vi-zimbra-without-header": mail("Tự động trả lời: Phản ánh", AWAY),
    "vi-away-colon": mail("Vắng mặt: Phản ánh của Ông/Bà", AWAY),
    "vi-leave-notice": mail("Thông báo nghỉ phép", "Tôi nghỉ phép từ 12/1 đến 20/1."),
    "vi-travel": mail("Tôi đang đi công tác", AWAY),
    "vi-feedback": mail("Phản hồi tự động - Trung tâm 1022", "Chúng tôi đã nhận thư của bạn."),
    "vi-echo": mail("Hồi đáp tự động: Phản ánh", AWAY),
    "vi-toneless": mail("Tra loi tu dong: Phan anh", "Toi di vang den 20/1."),
    "vi-bracket": mail("[Trả lời tự động] Phản ánh", AWAY),
    "vi-away-notice-with-path": mail("Thông báo vắng mặt", AWAY, "Return-Path: <>"),
    "en-outlook": mail("Automatic reply: [#TG-2025-000123]", "I am out of the office."),
    "en-out-of-office": mail("Out of Office Re: report", "Back on Monday."),
    "en-out-of-the-office": mail("Out of the office", "Back on Monday."),
    "en-auto-generated": mail("Re: report", "Ticket 55 opened.", "Auto-Submitted: auto-generated"),
    "en-autoreply-header": mail("Re: report", "Thanks for your mail.", "X-Autoreply: yes"),
    "en-yahoo-vacation": mail("Re: report", "On holiday.", "X-Yahoo-Vacation: 1"),
    "en-autorespond": mail("Re: report", "Away.", "X-Autorespond: report"),
    "en-precedence": mail("Re: report", "Away.", "Precedence: auto_reply"),
    "en-null-path": mail("Thank you for contacting us", "We got your mail.", "Return-Path: <>"),
    "de-abwesenheit": mail("Abwesenheitsnotiz: Bericht", "Ich bin nicht im Haus."),
    "fr-absence": mail("Réponse automatique : Rapport", "Je suis absent."),
    "ja-auto": mail("自動返信: report", "不在です。"),
    "receipt": RECEIPT.encode(),
    "meeting": MEETING.encode(),
}
