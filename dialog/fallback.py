"""General texts that the base of the profiles does not have yet. A profile's own text of the same id wins."""

from collections.abc import Mapping

FALLBACK: Mapping[str, str] = {
    "button_send": "Gửi",
    "button_edit": "Sửa",
    "button_cancel": "Hủy",
    "button_right": "Đúng",
    "button_yes": "Có",
    "button_no": "Không",
    "button_skip": "Không có",
    "button_insist": "Gửi phản ánh",
    "ward_in": "{new} ({old})",
    "ward_was": "{new} ({old} cũ)",
    "place_pinned": "vị trí đã gửi",
    "media_count": "{value} tệp",
    "media_noted": "Đã nhận {value} ảnh, video.",
    "media_refused": "Tệp {value} không đúng định dạng được nhận ({choices}).",
    "media_full": "Mỗi phản ánh nhận tối đa {limit} tệp; các tệp sau chưa được lưu.",
    "place_noted": "Đã nhận vị trí.",
    "noted": "Đã ghi nhận: {keep}.",
    "edit_pick": "Ông/Bà muốn sửa mục nào: {choices}?",
    "ward_ask": "Ông/Bà vui lòng ghi lại phường/xã nơi xảy ra sự việc.",
    "reminder": "Phản ánh của Ông/Bà chưa được gửi.",
    "pending": "Phản ánh của Ông/Bà đã được ghi nhận lúc {until}; mã số sẽ được gửi ngay khi có.",
    "resume_offer": "Ông/Bà muốn gửi tiếp phản ánh về {old} không? Trả lời CÓ hoặc KHÔNG.",
    "status_ask_code": "Ông/Bà vui lòng nhắn mã phản ánh cần tra cứu.",
    "help": "Ông/Bà nhắn nội dung cần phản ánh, có thể gửi kèm ảnh và vị trí. Nhắn mã phản ánh để tra "
    "cứu, SỬA để sửa, HỦY để dừng, GẶP CÁN BỘ để được hỗ trợ.",
    "unsupported": "Kênh này chưa nhận được loại nội dung vừa gửi. Ông/Bà vui lòng gửi bằng chữ, ảnh, video "
    "hoặc vị trí.",
    "confidential_noted": "Đã ghi nhận yêu cầu giữ bí mật thông tin.",
    "responsibility": "Ông/Bà chịu trách nhiệm về tính trung thực của nội dung.",
    "answer_due": "Hạn trả lời: {due}.",
    "salutation": "Ông/Bà",
    "store_refused": "Phản ánh của Ông/Bà chưa chuyển được vào hệ thống. Cán bộ tiếp nhận sẽ kiểm tra và trả "
    "lời Ông/Bà.",
}
