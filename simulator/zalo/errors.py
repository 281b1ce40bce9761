"""What Zalo says when it says no. Always HTTP 200; the code is in the body (zalo: error table)."""

from collections.abc import Mapping

MESSAGES: Mapping[int, str] = {
    -32: "Application has reached limit call api",
    -100: "Attachment_id was expired",
    -200: "Send message failed",
    -201: "{} is invalid",
    -209: "Not supported this api",
    -210: "{} exceeds allowable limit",
    -211: "Out of quota",
    -213: "User has not followed OA",
    -216: "Access token is invalid",
    -217: "User blocked invitation from Official Account",
    -220: "Access_token is expired or removed",
    -230: "User has not interacted with the OA in the past 7 days",
    -232: "User has not interacted with the OA, or the interaction has expired",
    -233: "Message type is invalid or not supported",
    -240: "MessageV2 API has been shut down, please use V3",
    -242: "Invalid appsecret_proof",
    -305: "The message was received more than 48 hours ago",
    -311: "The reply quota of this message is used up",
    -320: "Your application needs to be linked with a Zalo Cloud Account",
    -321: "Zalo Cloud Account has run out of money or is unable to be charged",
    404: "Empty or invalid API",
}


class ZaloError(Exception):
    """`field` fills the gap in the message where the code has one."""

    def __init__(self, code: int, field: str = "parameter") -> None:
        super().__init__(MESSAGES.get(code, "Unknown error").format(field))
        self.code = code
