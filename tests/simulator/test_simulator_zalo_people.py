"""Whom the OA knows, what was said before, and what is left to spend (zalo: users, history, quotas, tags)."""

from typing import Any

from simulator.config import ZaloConfig

CONFIG = ZaloConfig()


async def test_user_detail_holds_shared_info_only_once_shared(met: Any) -> None:
    running, phone = met
    before = (await running.zalo_get("/v3.0/oa/user/detail", {"user_id": phone.user_id}))["data"]
    running.simulator.zalo.submits_info(phone, {"name": "Lan", "phone": "84912345678"})
    after = (await running.zalo_get("/v3.0/oa/user/detail", {"user_id": phone.user_id}))["data"]
    assert (before["display_name"], before["shared_info"]) == ("Lan", {})
    assert after["shared_info"]["phone"] == "84912345678"


async def test_get_calls_take_one_json_parameter_named_data(met: Any) -> None:
    running, phone = met
    url, headers = f"{running.url}/zalo/v3.0/oa/user/detail", {"access_token": CONFIG.access_token}
    loose = await running.http.get(url, params={"user_id": phone.user_id}, headers=headers)
    broken = await running.http.get(url, params={"data": "{"}, headers=headers)
    assert (loose.json()["error"], broken.json()["error"]) == (-201, -201)


async def test_history_serves_what_no_webhook_delivered_newest_first(met: Any) -> None:
    running, phone = met
    for n in range(12):
        running.simulator.zalo.says(phone, f"tin {n}")
    first = (await running.zalo_get("/v2.0/oa/conversation", {"user_id": phone.user_id, "offset": 0, "count": 10}))[
        "data"
    ]
    rest = (await running.zalo_get("/v2.0/oa/conversation", {"user_id": phone.user_id, "offset": 10, "count": 10}))[
        "data"
    ]
    assert [item["message"] for item in first][:2] == ["tin 11", "tin 10"]
    assert [item["message"] for item in rest] == ["tin 1", "tin 0", "xin chào"]
    assert first[0]["src"] == 1 and first[0]["message_id"] == phone.bubbles[-1].platform_id
    recent = (await running.zalo_get("/v2.0/oa/listrecentchat", {"offset": 0, "count": 10}))["data"]
    assert [item["from_id"] for item in recent] == [phone.user_id]


async def test_a_page_of_history_holds_at_most_ten(met: Any) -> None:
    running, phone = met
    answer = await running.zalo_get("/v2.0/oa/conversation", {"user_id": phone.user_id, "offset": 0, "count": 11})
    assert answer["error"] == -210


async def test_quota_and_lists_answer_in_their_documented_shape(met: Any) -> None:
    running, phone = met
    user = (await running.zalo("/v3.0/oa/quota/message", {"user_id": phone.user_id}))["data"]
    owner = (await running.zalo("/v3.0/oa/quota/message", {"quota_owner": "OA"}))["data"]
    people = (await running.zalo_get("/v3.0/oa/user/getlist", {"offset": 0, "count": 50}))["data"]
    oa = (await running.zalo_get("/v2.0/oa/getoa", {}))["data"]
    assert user["last_interaction"].isdigit() and user["cs_reply"]["total"] == 8
    assert owner[0]["product_type"] == "cs"
    assert people["users"] == [{"user_id": phone.user_id}] and oa["oa_id"] == CONFIG.oa_id


async def test_tags_are_plain_strings(met: Any) -> None:
    running, phone = met
    await running.zalo("/v2.0/oa/tag/tagfollower", {"user_id": phone.user_id, "tag_name": "Khách Q1"})
    assert (await running.zalo_get("/v2.0/oa/tag/gettagsofoa", {}))["data"] == ["Khách Q1"]
    await running.zalo("/v2.0/oa/tag/rmfollowerfromtag", {"user_id": phone.user_id, "tag_name": "Khách Q1"})
    assert (await running.zalo_get("/v2.0/oa/tag/gettagsofoa", {}))["data"] == []
