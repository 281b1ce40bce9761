"""Mails that people write, and lists send, which must not be taken for a bounce or an automatic answer."""

from collections.abc import Mapping

from tests.email.bounces import BOUNCES

CITIZEN = "Trần Thị Bình <tran.binh@example.com>"


def mail(subject: str, body: str, *headers: str, sender: str = CITIZEN) -> bytes:
    head = [
        "Return-Path: <tran.binh@example.com>", f"From: {sender}", "To: tiepnhan@example.vn", f"Subject: {subject}",
        "Message-ID: <o1@example.com>", *headers,
    ]  # fmt: skip
    return "\n".join([*head, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", body, ""]).encode()


REPORTS: tuple[tuple[str, str], ...] = (
    ("Đèn đường hỏng", "Đèn trước số 12 Lê Lợi không sáng ba hôm nay."),
    ("Cán bộ vắng mặt trong giờ làm việc", "Bộ phận một cửa phường vắng mặt cả buổi sáng."),
    ("Vắng mặt không lý do tại trạm y tế", "Trạm y tế không có ai trực."),
    ("Cán bộ nghỉ phép nhưng không bàn giao", "Hồ sơ của tôi bị treo."),
    ("Chủ tịch phường đi công tác, không ai ký", "Xin hỏi ai ký thay?"),
    ("Tổng đài chỉ trả lời tự động", "Gọi 1022 chỉ nghe trả lời tự động, không gặp người."),
    ("Hệ thống trả lời tự động bị lỗi", "Bấm phím 2 thì tắt máy."),
    ("Thư trả lại của cơ quan", "Tôi gửi thư bưu điện thì bị trả lại."),
    ("Hàng giao không được, bị trả về", "Bưu tá không giao hàng tới thôn."),
    ("Không gửi được hồ sơ trên cổng dịch vụ công", "Trang báo lỗi 550 khi nộp."),
    ("Thư không gửi được tới phường", "Tôi viết cho phường nhiều lần mà thư không gửi được, nay nhờ trung tâm chuyển."),
    ("Delivery problem in our street", "The postman does not come. No parcel was delivered this week."),
    ("Undelivered garbage bins", "The bins you promised have not been delivered to our lane."),
    ("Mail delivery is slow in District 3", "Letters take two weeks."),
    ("Returned mail from the tax office", "The tax office returned my letter."),
    ("Rejected application", "My application was rejected without a reason."),
    ("Failure of the traffic light", "The light at Hùng Vương fails every night."),
    ("Delayed construction on Nguyễn Trãi", "The work is delayed by a year."),
    ("Out of order: public toilet", "It has been closed for a month."),
    ("Away team buses block the road", "On match days the buses block our lane."),
    ("On vacation my house was flooded", "Please check the drain."),
    ("Automatic gate broken", "The automatic gate of the car park does not close."),
    ("Tự động thu phí sai", "Trạm thu phí không dừng trừ tiền hai lần."),
    ("Phản hồi về kết quả xử lý", "Tôi chưa hài lòng."),
    ("Re: Trả lời tự động: Phản ánh", "Tôi thấy thư tự động rồi, đây là ảnh bổ sung."),
    ("Re: Automatic reply: report", "I did get the automatic reply. Here is the address."),
    ("Trả lời tự động của 1022 không đúng địa chỉ", "Đề nghị sửa lại nội dung."),
    (
        "Fwd: Undelivered Mail Returned to Sender",
        "Tôi gửi phường thì bị trả lại như dưới:\n\nFinal-Recipient: rfc822; x@example.vn\nStatus: 5.1.1",
    ),
    ("Chuyển tiếp: Thư không gửi được", "Nhờ xem giúp.\n\nDiagnostic-Code: smtp; 550 5.1.1 user unknown"),
    ("TL: Undeliverable: Đơn", "did not reach the following recipient(s): x@example.vn"),
    ("FW: Delivery Status Notification (Failure)", "Địa chỉ của sở trên trang web sai, thư bị trả lại."),
    ("Thư của tôi bị lỗi 550 5.1.1 user unknown", "Khi gửi cho sở, tôi nhận được: 550 5.1.1 user unknown."),
    ("", "Không tiêu đề, chỉ muốn hỏi giờ làm việc."),
    ("Báo cáo trạng thái công trình", "Công trình chậm tiến độ."),
    ("Postmaster của bưu điện phường", "Ông trưởng bưu điện không tiếp dân."),
    ("Spam cuộc gọi quảng cáo", "Tôi bị gọi quảng cáo mỗi ngày."),
    ("Hộp thư góp ý đã đầy", "Hộp thư góp ý ở phường đã đầy, không ai mở."),
    ("Địa chỉ không tồn tại trên bản đồ", "Ngõ 12 không có trên bản đồ."),
    ("Mailbox full", "The suggestion box at the ward is full. Nobody opens it."),
    ("Quota exceeded", "The hospital says the daily quota is exceeded."),
    ("Nghỉ phép năm cho công nhân", "Công ty không cho công nhân nghỉ phép năm."),
    ("Thông báo cắt nước", "Chúng tôi không được báo trước."),
    ("Rác không được thu gom", "Ba ngày rồi."),
    ("Ngập nước", "Nước ngập 40 cm."),
    ("Ô nhiễm tiếng ồn", "Quán karaoke hát tới 2 giờ sáng."),
    ("Lấn chiếm vỉa hè", "Quán ăn chiếm hết vỉa hè."),
    ("Cây đổ", "Cây đổ chắn đường Phan Đình Phùng."),
    ("Xin hỏi thủ tục", "Làm căn cước cần gì?"),
    ("Cảm ơn", "Đèn đã sáng, cảm ơn cơ quan."),
    ("Re: [#TG-2025-000123] Phản ánh của Ông/Bà", "Dạ số 12 ạ."),
)

WITH_HEADERS: Mapping[str, bytes] = {
    "suppress-only": mail("Đơn của tôi", "Kính gửi.", "X-Auto-Response-Suppress: OOF, AutoReply"),
    "auto-submitted-no": mail("Đơn của tôi", "Kính gửi.", "Auto-Submitted: no"),
    "autoreply-no": mail("Đơn của tôi", "Kính gửi.", "X-Autoreply: no"),
    "government-newsletter": mail(
        "Bản tin cải cách hành chính", "Số 12/2025", "List-Unsubscribe: <mailto:thoat@example.gov.vn>",
        "Precedence: bulk", sender="Cổng thông tin <bantin@example.gov.vn>",
    ),
    "resident-group": mail("Họp tổ dân phố", "Tối nay 19h30.", "List-Id: <todanpho.example.com>"),
    "list-help": mail("Thông báo", "Lịch tiếp dân.", "List-Help: <mailto:help@example.com>"),
    "precedence-list": mail("Thông báo", "Lịch tiếp dân.", "Precedence: list"),
    "many-hops": mail("Đơn", "Kính gửi.", *["Received: from a by b; Mon, 13 Jan 2025 10:23:00 +0700"] * 12),
    "no-reply-company": mail("Công văn 12", "Kính gửi UBND.", sender="Công ty <no-reply@example.com>"),
    "postmaster-person": mail("Xin ý kiến", "Tôi quản trị máy chủ của xã.", sender="Anh Tú <postmaster@example.com>"),
    "person-named-daemon": mail("Chào", "Tôi tên Damon.", sender="Damon Le <damon@example.com>"),
    "receipt-asked": mail("Đơn của tôi", "Kính gửi.", "Disposition-Notification-To: tran.binh@example.com"),
}  # fmt: skip


def forwarded_as_attachment(bounce: bytes) -> bytes:
    """A citizen shows us a bounce: as an attached mail."""
    head = (
        f"From: {CITIZEN}\nTo: tiepnhan@example.vn\nSubject: Fwd: Undelivered Mail Returned to"
        " Sender\nMIME-Version: 1.0\n"
        'Content-Type: multipart/mixed; boundary="F"\n\n--F\nContent-Type: text/plain; charset=utf-8\n\nTôi gửi'
        " phường thì bị trả lại, xem"
        " thư kèm.\n\n--F\nContent-Type: message/rfc822\n\n"
    )
    return head.encode() + bounce + b"\n--F--\n"


ORDINARY: Mapping[str, bytes] = {
    **{f"report-{number:02d}": mail(subject, body) for number, (subject, body) in enumerate(REPORTS, 1)},
    **WITH_HEADERS,
    "forwarded-postfix": forwarded_as_attachment(BOUNCES["postfix-nobody.eml"]),
    "forwarded-gmail": forwarded_as_attachment(BOUNCES["gmail-full.eml"]),
    "forwarded-qmail": forwarded_as_attachment(BOUNCES["qmail-policy.eml"]),
}
