"""The names that profiles may use and that code relies on. A name missing here is added here first."""

from itertools import chain

TEMPLATES: tuple[str, ...] = (
    *("greeting", "privacy_notice", "confirm", "corrected", "receipt", "deadline_text", "accepted", "forwarded"),
    *("need_more", "declined", "refused", "emergency", "extended", "overdue", "closed", "result"),
    *("result_private_notice", "rating_ask", "rating_thanks", "followup_open", "followup_received", "followup_late"),
    *("followup_count", "withdrawn", "thanks", "duplicate_same", "duplicate_linked", "status", "status_public"),
    *("status_unknown", "locked", "phone_old", "phone_foreign", "district_old", "ward_pick", "outside_area"),
    *("not_vietnamese", "voice", "sticker", "abuse", "chitchat", "second_report", "topic_switch", "type_pick"),
    *("handoff", "timeout", "rate_limited", "submit_blocked", "insist_ack", "same_address"),
    # What the dialog says in between: buttons, notes, small answers.
    *("button_send", "button_edit", "button_cancel", "button_right", "button_yes", "button_no", "button_skip"),
    *("button_insist", "ward_in", "ward_was", "place_pinned", "media_count", "media_noted", "media_refused"),
    *("media_full", "place_noted", "noted", "edit_pick", "ward_ask", "reminder", "pending", "resume_offer"),
    *("status_ask_code", "help", "unsupported", "confidential_noted", "responsibility", "answer_due"),
    *("store_refused", "withdrawal_noted"),
    "pin_near",
    # What is kept of a citizen, and having it erased.
    *("kept_talk", "privacy_kept", "erase_ask", "erase_files_stay", "erase_done", "erase_left"),
    # Where else one can turn to, and the dossiers at the offices.
    *("contact", "dossier_status", "dossier_unknown"),
    "result_cancelled",
    "channel_closed",
    "page_greeting",
    # Letters, and what a picture says of itself.
    *("letter_opening", "letter_closing", "letter_missing", "letter_how", "letter_edit", "letter_choices"),
    *("picture_place", "place_from_picture", "prove_sender", "ward_now"),
    # Said in private to who wrote under a post for everybody to read.
    "comment_invite",
    # A category that was not certain, shown with the summary.
    "category_proposed",
)
"""Messages that every profile must have."""

PLACEHOLDERS = frozenset(
    {
        *(
            "agency",
            "article",
            "body",
            "category",
            "choices",
            "code",
            "deadline_text",
            "due",
            "field",
            "hint",
            "hotline",
        ),
        *("hotlines", "hours", "keep", "level", "limit", "link", "location", "minutes", "missing", "new", "old"),
        *("private_channel", "province", "reason", "result", "result_photos", "salutation", "scale", "sender"),
        *("status", "suggestion", "summary", "system", "title", "until", "value", "window_text"),
    }
)
"""Every name a message may use between braces."""

SLOTS = frozenset(
    {
        *("report_type", "category", "level", "description", "location", "occurred_at", "media"),
        *("name", "phone", "email", "address", "cccd", "tax_code", "org_name", "confidential"),
        *("on_behalf", "behalf_name", "behalf_address", "behalf_phone", "behalf_reason", "behalf_consent"),
    }
)
"""Ids that `fields` may have: what a report can carry."""

PUBLISHABLE = frozenset({"category", "agency", "result", "process_log", "followups"})
"""What can be shown or hidden of a case besides its fields."""

_EVENTS = {
    "report": "submitted received check_failed verified accepted refused forwarded escalated assigned closed",
    "verify": "opened closed",
    "unit": "received started accepted returned",
    "coop": "requested answered",
    "result": "proposed approved rejected recorded published sent delivered",
    "extension": "announced",
    "followup": "received answered",
    "appeal": "received answered",
    "staff": "alerted",
}
EVENTS = frozenset(chain.from_iterable((f"{noun}.{verb}" for verb in verbs.split()) for noun, verbs in _EVENTS.items()))
"""What can start or stop a clock."""

CONDITIONS = frozenset({"needs_more_time", "field_check"})
"""What staff may state about a case and a limit may depend on."""

ON_BREACH = frozenset({"overdue", "overdue_with_reason", "alert_operator", "refusal_reason"})
