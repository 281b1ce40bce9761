"""The names of Zalo's events. zalo: event catalogue. A name missing here is journaled as unknown, never guessed."""

from collections.abc import Mapping

MESSAGES = (
    *(
        f"user_send_{kind}"
        for kind in (
            "text",
            "image",
            "gif",
            "link",
            "audio",
            "video",
            "sticker",
            "location",
            "business_card",
            "file",
        )
    ),
    *(f"anonymous_send_{kind}" for kind in ("text", "image", "file", "sticker")),
)
"""A citizen wrote."""

ECHOES = frozenset(
    (
        *(f"oa_send_{kind}" for kind in ("text", "image", "gif", "list", "file", "sticker", "template")),
        *(f"oa_send_anonymous_{kind}" for kind in ("text", "image", "file", "sticker")),
    )
)
"""The OA wrote: through the API, or a person in Zalo's own chat tool."""

_GROUP = "trò chuyện nhóm"
_CALL = "cuộc gọi"
_TEMPLATE = "tin theo mẫu (ZBS/ZNS)"

IGNORED: Mapping[str, str] = {
    "user_reacted_message": "biểu cảm",
    "oa_reacted_message": "biểu cảm",
    "update_user_info": "thông tin người dùng thay đổi",
    "add_user_to_tag": "nhãn",
    "remove_user_from_tag": "nhãn",
    "remove_tag": "nhãn",
    "oa_send_consent": _CALL,
    "user_reply_consent": _CALL,
    "user_call_oa": _CALL,
    "oa_call_user": _CALL,
    "widget_interaction_accepted": "tiện ích web",
    "widget_failed_to_sync_user_external_id": "tiện ích web",
    "shop_has_order": "đơn hàng",
    "extension_purchased": "gói dịch vụ",
    **dict.fromkeys(
        (
            "create_group",
            "user_join_group",
            "user_request_join_group",
            "accept_request_join_group",
            "react_request_join_group",
            "reject_request_join_group",
            "add_group_admin",
            "remove_group_admin",
            "update_group_info",
            "user_out_group",
            "delete_group",
            "disperse_group",
        ),
        _GROUP,
    ),
    **{
        f"{who}_send_group_{kind}": _GROUP
        for who in ("user", "oa")
        for kind in (
            "text",
            "image",
            "link",
            "audio",
            "video",
            "business_card",
            "sticker",
            "gif",
            "file",
            "location",
        )
    },
    **dict.fromkeys(
        (
            "user_feedback",
            "user_click_response_button",
            "change_template_status",
            "change_template_quality",
            "change_template_quota",
            "change_oa_daily_quota",
            "change_oa_template_tags",
            "event_journey_time_out",
            "event_journey_acknowledged",
        ),
        _TEMPLATE,
    ),
}
"""Known, but no part of an intake; with the reason that the journal shows."""
