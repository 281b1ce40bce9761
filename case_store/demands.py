"""What the regulation demands before an officer's act is carried out. Pure; raises `Rejected` where it is not met."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from case_store.errors import bad
from case_store.flow import RECORDED_STAGE, WITH_RESULT, Play
from regulations.model import Profile

CLOSED = "verify.closed"
ANNOUNCED = "extension.announced"


def demand_reason(profile: Profile, reason: str, happened: Mapping[str, datetime], asked: Collection[datetime]) -> None:
    """A refusal names one of the profile's reasons, and what that reason presupposes has happened.

    `asked`: when the citizen was asked for more. Attempts that were answered have not failed.
    """
    row = profile.refusals.get(reason)
    if row is None and profile.refusals:
        raise bad("reason", "Cần chọn một trong các lý do từ chối mà quy chế nêu.")
    if row is None:
        return
    if row.requires_event and row.requires_event not in happened:
        raise bad("reason", f"Lý do «{row.text}» chỉ dùng được sau bước xác minh ({row.article}).")
    answered = happened.get(CLOSED)
    failed = sum(answered is None or at > answered for at in asked)
    if failed < row.requires_attempts_min:
        wanted = f"{row.requires_attempts_min} lần xác minh không thành công, mới có {failed}"
        raise bad("reason", f"Lý do «{row.text}» cần ít nhất {wanted} ({row.article}).")


def demand_proof(profile: Profile, to: str, stage: str, media: Sequence[str]) -> None:
    """A result comes with a picture or a file where the profile says so; what was recorded has brought it along."""
    if profile.media.result_proof_required and to in WITH_RESULT and stage != RECORDED_STAGE and not media:
        raise bad("media", "Kết quả xử lý phải kèm ảnh hoặc tệp chứng minh.")


def demand_document(profile: Profile, to: str, media: Sequence[str]) -> None:
    """An announcement of more time comes with its document where the profile says so."""
    needs = any(row.needs_attachment and row.to_event == ANNOUNCED for row in profile.deadlines.values())
    if to == "extended" and needs and not media:
        raise bad("media", "Nội dung phức tạp, đặc thù phải kèm văn bản báo cáo để phản hồi người dân.")


def demand_name(play: Play, by: str) -> None:
    if play.aside and not by:
        raise bad("by", f"«{play.label}» cần ghi họ tên cán bộ thực hiện.")
