"""Zalo's API method by method, with the names of PyPI `zalo-sdk`; asynchronous. `sdk.py` is the same for plain code.

Everything returns Zalo's `data` and raises one of the five `SendError`s. For what is not on the way of every message.
"""

from collections.abc import Mapping
from typing import Any, Literal

from channels.zalo.api import Api
from channels.zalo.codes import Family
from channels.zalo.messages import ZaloAction, ZaloMessageBody, ZaloRecipient

Category = Literal["consultant", "transaction", "promotion", "media", "action"]

_PATH: Mapping[str, str] = {
    "consultant": "/v3.0/oa/message/cs",
    "transaction": "/v3.0/oa/message/transaction",
    "promotion": "/v3.0/oa/message/promotion",
    "media": "/v2.0/oa/message",
    "action": "/v2.0/oa/message",
}


class Client:
    """One OA's API. `get` and `post` reach whatever has no method of its own."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def get(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        return await self._api.get(path, data)

    async def post(self, path: str, data: Mapping[str, Any] | None = None) -> Any:
        return await self._api.post(path, data)

    # --- messages -----------------------------------------------------------------------------------------------------

    async def send_message(
        self,
        recipient: ZaloRecipient,
        body: ZaloMessageBody | None = None,
        action: ZaloAction | None = None,
        category: Category = "consultant",
    ) -> Any:
        return await self._api.post(_PATH[category], self.create_request_body(recipient, body, action))

    @staticmethod
    def create_request_body(
        recipient: ZaloRecipient, body: ZaloMessageBody | None = None, action: ZaloAction | None = None
    ) -> dict[str, Any]:
        request: dict[str, Any] = {"recipient": recipient.toDict()}
        if body is not None:
            request["message"] = body.toDict()
        if action is not None:
            request["sender_action"] = action.toDict()
        return request

    async def upload_file(
        self,
        file_data: bytes,
        file_type: Literal["file", "image", "gif"] = "file",
        file_name: str = "file",
        mime_type: str = "application/octet-stream",
    ) -> Any:
        """`attachment_id` for pictures, `token` for files."""
        return await self._api.upload(f"/v2.0/oa/upload/{file_type}", file_data, name=file_name, mime=mime_type)

    # --- quotas -------------------------------------------------------------------------------------------------------

    async def get_free_response_quota(self, message_id: str = "") -> Any:
        return await self._api.post("/v2.0/oa/quota/message", {"message_id": message_id} if message_id else None)

    async def get_zalo_oa_quotas(self, quota_owner: str, product_type: str = "", quota_type: str = "") -> Any:
        fields = {"quota_owner": quota_owner, "product_type": product_type, "quota_type": quota_type}
        return await self._api.post("/v3.0/oa/quota/message", {name: value for name, value in fields.items() if value})

    async def get_zalo_user_quotas(self, user_id: str) -> Any:
        return await self._api.post("/v3.0/oa/quota/message", {"user_id": user_id})

    # --- OA and people ------------------------------------------------------------------------------------------------

    async def get_oa(self) -> dict[str, Any]:
        """The OA itself; `oa_id` is filled whichever way Zalo spells it. The health check of an account."""
        data = dict(await self._api.get("/v2.0/oa/getoa") or {})
        data["oa_id"] = str(data.get("oa_id") or data.get("oaid") or "")
        return data

    get_profile = get_oa

    async def get_user_detail(self, user_id: str) -> Any:
        return await self._api.get("/v3.0/oa/user/detail", {"user_id": user_id})

    async def get_list(self, data: Mapping[str, Any]) -> Any:
        """`offset` ≤ 9951, `count` ≤ 50, `tag_name`, `last_interaction_period`, `is_follower`."""
        return await self._api.get("/v3.0/oa/user/getlist", data)

    async def get_followers(self, data: Mapping[str, Any]) -> Any:
        """Closed for business OAs since June 2024; `get_list` serves everyone."""
        return await self._api.get("/v2.0/oa/getfollowers", data)

    async def tag_follower(self, user_id: str, tag_name: str) -> Any:
        """Creates the tag when there is none."""
        return await self._api.post("/v2.0/oa/tag/tagfollower", {"user_id": user_id, "tag_name": tag_name})

    async def rm_follower_from_tag(self, user_id: str, tag_name: str) -> Any:
        return await self._api.post("/v2.0/oa/tag/rmfollowerfromtag", {"user_id": user_id, "tag_name": tag_name})

    async def get_tags_of_oa(self) -> list[str]:
        return list(await self._api.get("/v2.0/oa/tag/gettagsofoa") or [])

    async def rm_tag(self, tag_name: str) -> Any:
        return await self._api.post("/v2.0/oa/tag/rmtag", {"tag_name": tag_name})

    # --- history ------------------------------------------------------------------------------------------------------

    async def list_recent_chat(self, offset: int = 0, count: int = 10) -> Any:
        return await self._api.get("/v2.0/oa/listrecentchat", {"offset": offset, "count": count})

    async def conversation(self, user_id: str, offset: int = 0, count: int = 10) -> Any:
        return await self._api.get("/v2.0/oa/conversation", {"user_id": user_id, "offset": offset, "count": count})

    # --- template messages (ZBS, formerly ZNS) ------------------------------------------------------------------------

    async def send_template_message(self, user_id: str, template_id: str, template_data: Mapping[str, Any]) -> Any:
        """By user id, for results after the reply window. Zalo has no tracking id here: keep `message_id`."""
        body = {"user_id": user_id, "template_id": template_id, "template_data": template_data}
        return await self._api.post("/v3.0/oa/message/template", body, family=Family.ZBS)

    async def send_zns_message(
        self,
        contact_phone: str,
        template_id: str,
        template_data: Mapping[str, Any],
        tracking_id: str | None = None,
        dev_mode: bool = False,
    ) -> Any:
        """By phone; `contact_phone` is 84… without plus. `tracking_id` ≤ 48 characters, echoed in its receipts."""
        body = {"phone": contact_phone, "template_id": template_id, "template_data": template_data}
        if tracking_id:
            body["tracking_id"] = tracking_id
        if dev_mode:
            body["mode"] = "development"
        return await self._api.post("/message/template", body, family=Family.ZBS)

    async def get_template_list(self, offset: int = 0, limit: int = 100, status: int | None = None) -> Any:
        """`status`: 1 enabled, 2 pending, 3 rejected, 4 disabled."""
        params = {"offset": offset, "limit": limit} | ({"status": status} if status is not None else {})
        return await self._api.get_business("/template/all", params)

    async def get_template_info(self, template_id: str) -> Any:
        return await self._api.get_business("/template/info/v2", {"template_id": template_id})

    async def get_message_status(self, message_id: str) -> Any:
        return await self._api.get_business("/message/status", {"message_id": message_id})

    async def get_zns_quota(self) -> Any:
        return await self._api.get_business("/message/quota", {})
