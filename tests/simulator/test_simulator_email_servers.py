"""The mail side of the simulator, seen by ordinary clients: imaplib, imapclient and smtplib."""

import asyncio
import smtplib
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage, Message
from email.policy import default
from typing import Any

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from simulator.config import EmailConfig
from simulator.email.clients import CLIENTS
from simulator.email.post import Post
from simulator.world import Phone

CONFIG = EmailConfig()


@pytest.fixture
async def post(start: Any) -> Post:
    running = await start()
    made: Post = running.simulator.mail
    return made


async def apart(work: Callable[[], Any]) -> Any:
    """The clients of the tests block; the servers live in this loop."""
    return await asyncio.to_thread(work)


def imap(post: Post, password: str = CONFIG.password) -> IMAPClient:
    client = IMAPClient("127.0.0.1", post.imap_port, ssl=False, timeout=10)
    try:
        client.login(CONFIG.address, password)
    except LoginError:
        client.shutdown()
        raise
    return client


def inbox(post: Post) -> dict[int, bytes]:
    with imap(post) as client:
        client.select_folder("INBOX")
        found = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
        return {uid: item[b"BODY[]"] for uid, item in found.items()}


async def arrived(post: Post, count: int = 1) -> list[EmailMessage]:
    """The mails of the office's inbox once there are so many, oldest first."""
    async with asyncio.timeout(10):
        found = await apart(lambda: inbox(post))
        while len(found) < count:
            found = await apart(lambda: inbox(post))
    mails = [message_from_bytes(found[uid], policy=default) for uid in sorted(found)]
    return [mail for mail in mails if isinstance(mail, EmailMessage)]


def answer(to: str, text: str = "Đã ghi nhận", **heads: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = f"Tiếp nhận <{CONFIG.address}>", to, "Re: đèn hỏng"
    mail["Message-ID"] = "<gw.1@tinh.example.vn>"
    for name, value in heads.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def submit(post: Post, mail: Message, *, password: str = CONFIG.password) -> Any:
    with smtplib.SMTP("127.0.0.1", post.smtp_port, timeout=10) as client:
        if password:
            client.login(CONFIG.address, password)
        return client.send_message(mail)


def join(post: Post, client: str = "gmail") -> Phone:
    return post.join("Nguyễn Thị Lan", "84912345678", client=client)


# --- the two servers --------------------------------------------------------------------------------------------------


async def test_the_mailbox_is_empty_at_first_and_asks_for_its_password(post: Post) -> None:
    assert await apart(lambda: inbox(post)) == {}
    with pytest.raises(LoginError):
        await apart(lambda: imap(post, "guessed"))


async def test_a_mail_without_a_password_is_not_taken(post: Post) -> None:
    phone = join(post)

    with pytest.raises(smtplib.SMTPAuthenticationError):
        await apart(lambda: submit(post, answer(phone.user_id), password="guessed"))
    with pytest.raises(smtplib.SMTPSenderRefused):
        await apart(lambda: submit(post, answer(phone.user_id), password=""))

    assert phone.bubbles == []


async def test_the_ports_are_known_before_the_start(start: Any) -> None:
    running = await start(email={"listens": False})
    post = running.simulator.mail
    ports = (post.imap_port, post.smtp_port)

    await post.start()

    assert ports == (post.imap_port, post.smtp_port)
    assert await apart(lambda: inbox(post)) == {}


async def test_whoever_idles_is_told_of_a_mail(post: Post) -> None:
    client = await apart(lambda: imap(post))
    await apart(lambda: client.select_folder("INBOX"))
    await apart(client.idle)

    post.says(join(post), "đèn đường hỏng")
    heard = await apart(lambda: client.idle_check(timeout=10))

    assert (1, b"EXISTS") in heard
    await apart(client.idle_done)
    await apart(client.logout)


async def test_a_mail_is_acknowledged_when_its_reader_has_put_it_away(post: Post) -> None:
    bubble = post.says(join(post), "đèn đường hỏng")
    await arrived(post)
    assert (bubble.acked_at, post.pending()) == (None, 1)

    def put_away() -> None:
        with imap(post) as client:
            client.select_folder("INBOX")
            client.create_folder("Processed")
            client.move(client.search("ALL"), "Processed")

    await apart(put_away)

    assert bubble.acked_at is not None
    assert post.pending() == 0


# --- what citizens write ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_mail_reads_the_same_whatever_program_wrote_it(post: Post, client: str) -> None:
    phone = join(post, client)
    text = "Đèn đường trước số 45 Lý Thường Kiệt không sáng.\nĐã ba đêm rồi."

    bubble = post.writes(phone, text, subject="Đèn đường hỏng ở phường Mỹ Tho, đề nghị kiểm tra và sửa chữa sớm giúp")

    (mail,) = await arrived(post)
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n").startswith(text)
    assert str(mail["Subject"]) == "Đèn đường hỏng ở phường Mỹ Tho, đề nghị kiểm tra và sửa chữa sớm giúp"
    assert mail["From"].addresses[0].addr_spec == phone.user_id
    assert mail["From"].addresses[0].display_name == "Nguyễn Thị Lan"
    assert mail["Message-ID"].strip().strip("<>") == bubble.platform_id
    assert f"dmarc=pass header.from={CONFIG.citizens_domain}" in mail["Authentication-Results"]
    assert mail["Return-Path"] == f"<{phone.user_id}>"


@pytest.mark.parametrize("client", CLIENTS)
async def test_an_answer_quotes_what_it_answers(post: Post, client: str) -> None:
    phone = join(post, client)
    first = post.says(phone, "đèn hỏng")
    await apart(lambda: submit(post, answer(phone.user_id, "Ở đâu ạ?", In_Reply_To=f"<{first.platform_id}>")))

    post.says(phone, "số 45 Lý Thường Kiệt")

    mail = (await arrived(post, 2))[1]
    body = mail.get_body(("plain",))
    assert body is not None
    said = body.get_content()
    assert said.startswith("số 45 Lý Thường Kiệt")
    assert "Ở đâu ạ?" in said
    assert CONFIG.address in said
    assert mail["In-Reply-To"] == "<gw.1@tinh.example.vn>"
    assert str(mail["References"]).split()[-1] == "<gw.1@tinh.example.vn>"
    assert str(mail["Subject"]).lower() == "re: đèn hỏng"


async def test_an_answer_goes_where_the_office_wants_it(post: Post) -> None:
    phone = join(post)
    await apart(lambda: submit(post, answer(phone.user_id, Reply_To="phananh+tg1.ab@tinh.example.vn")))

    post.says(phone, "vâng")

    (mail,) = await arrived(post)
    assert mail["To"].addresses[0].addr_spec == "phananh+tg1.ab@tinh.example.vn"


async def test_pictures_hang_on_the_mail(post: Post) -> None:
    post.writes(join(post, "iphone"), "ổ gà", files=[("Ảnh đường.jpg", "image/jpeg", b"\xff\xd8\xff one")])

    (mail,) = await arrived(post)
    (file,) = mail.iter_attachments()
    assert (file.get_filename(), file.get_content()) == ("Ảnh đường.jpg", b"\xff\xd8\xff one")


# --- what the office writes -------------------------------------------------------------------------------------------


async def test_an_answer_lies_in_the_citizens_mailbox(post: Post) -> None:
    phone = join(post)

    await apart(lambda: submit(post, answer(phone.user_id, "Mã số TG-261122-0001", Auto_Submitted="auto-replied")))

    (bubble,) = phone.bubbles
    assert (bubble.sender, bubble.subject, bubble.text) == ("bot", "Re: đèn hỏng", "Mã số TG-261122-0001")


async def test_a_mail_that_no_program_wrote_is_a_persons(post: Post) -> None:
    phone = join(post)

    await apart(lambda: submit(post, answer(phone.user_id)))

    assert phone.bubbles[0].sender == "staff"


async def test_a_mailbox_that_refuses_says_so_at_once(post: Post) -> None:
    phone = join(post)
    post.blocks(phone)

    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        await apart(lambda: submit(post, answer(phone.user_id)))

    assert refused.value.recipients[phone.user_id][0] == 550


@pytest.mark.parametrize("trouble", ["nobody", "ordered"])
async def test_what_cannot_be_delivered_comes_back_as_a_report(post: Post, start: Any, trouble: str) -> None:
    phone = join(post)
    to = "nobody@example.com" if trouble == "nobody" else phone.user_id
    if trouble == "ordered":
        post._plan.add(platform="email", action="bounce", method="DATA", times=1)

    await apart(lambda: submit(post, answer(to)))

    (mail,) = await arrived(post)
    assert mail.get_content_type() == "multipart/report"
    status = list(mail.iter_parts())[1]
    assert f"Final-Recipient: rfc822; {to}" in str(status)
    assert "gw.1@tinh.example.vn" in str(mail)
    assert mail["Return-Path"] == "<>"


@pytest.mark.parametrize(("rude", "automatic", "answers"), [(False, True, 0), (True, True, 1), (False, False, 1)])
async def test_a_citizen_who_is_away_answers_people_only_unless_rude(
    post: Post, rude: bool, automatic: bool, answers: int
) -> None:
    """RFC 3834: automatic mail is not answered automatically."""
    phone = join(post)
    post.goes_away(phone, rude=rude)

    mail = answer(phone.user_id, Auto_Submitted="auto-replied") if automatic else answer(phone.user_id)
    await apart(lambda: submit(post, mail))

    assert [m["Auto-Submitted"] for m in await arrived(post, answers)] == ["auto-replied"] * answers


# --- trouble on order -------------------------------------------------------------------------------------------------


async def test_a_temporary_refusal_strikes_once(post: Post) -> None:
    phone = join(post)
    post._plan.add(platform="email", action="status", method="DATA", status=451, times=1)

    with pytest.raises(smtplib.SMTPDataError) as refused:
        await apart(lambda: submit(post, answer(phone.user_id)))
    await apart(lambda: submit(post, answer(phone.user_id)))

    assert (refused.value.smtp_code, len(phone.bubbles)) == (451, 1)


async def test_one_address_can_be_refused(post: Post) -> None:
    lan, minh = join(post), join(post)
    post._plan.add(platform="email", action="status", method=lan.user_id, status=550)

    with pytest.raises(smtplib.SMTPRecipientsRefused):
        await apart(lambda: submit(post, answer(lan.user_id)))
    await apart(lambda: submit(post, answer(minh.user_id)))

    assert (len(lan.bubbles), len(minh.bubbles)) == (0, 1)


async def test_after_a_connection_cut_behind_the_data_nobody_knows_but_the_citizen(post: Post) -> None:
    phone = join(post)
    post._plan.add(platform="email", action="accept_then_drop", method="DATA", times=1)

    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        await apart(lambda: submit(post, answer(phone.user_id)))

    assert len(phone.bubbles) == 1


async def test_a_cut_mailbox_connection_is_an_error_for_its_reader(post: Post) -> None:
    client = await apart(lambda: imap(post))
    await apart(lambda: client.select_folder("INBOX"))
    await apart(client.idle)

    post.office.drop()

    with pytest.raises((OSError, client.AbortError)):
        await apart(lambda: client.idle_check(timeout=10))
        await apart(client.idle_done)
    client.shutdown()


async def test_a_mail_can_come_ten_times(post: Post) -> None:
    post._plan.add(platform="email", where="webhook", action="twice", copies=9)

    post.says(join(post), "đèn hỏng")

    mails = await arrived(post, 10)
    assert len({mail["Message-ID"] for mail in mails}) == 1


async def test_a_mail_can_be_overtaken(post: Post) -> None:
    post._plan.add(platform="email", where="webhook", action="shuffle", times=1)
    phone = join(post)

    one, two = post.says(phone, "một"), post.says(phone, "hai")

    mails = await arrived(post, 2)
    assert [mail["Message-ID"].strip().strip("<>") for mail in mails] == [two.platform_id, one.platform_id]
