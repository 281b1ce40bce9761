"""The Bot API over HTTP: `/telegram/bot<token>/<method>` and `/telegram/file/bot<token>/<path>`."""

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from simulator.faults import Cut, Fault, FaultPlan, after, before
from simulator.telegram import call as calls
from simulator.telegram.bot import Bot
from simulator.telegram.call import Call
from simulator.telegram.errors import TelegramError, bad, too_many
from simulator.telegram.rates import Rates
from simulator.telegram.sending import KINDS, Sending
from simulator.telegram.updates import Hook
from simulator.world import Json

MAX_DOWNLOAD = 20 * 1024 * 1024
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
COMMAND = re.compile(r"[a-z0-9_]{1,32}")
TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]+")
# Not executed when they come in a webhook's answer.
NEVER_IN_ANSWER = ("get", "setWebhook", "deleteWebhook", "logOut", "close")

Method = Callable[[Call], Awaitable[Any]]


class TelegramApi:
    """An ASGI app below `/telegram`."""

    def __init__(self, bot: Bot, faults: FaultPlan) -> None:
        self._bot, self._faults, self._world = bot, faults, bot.world
        self._rates = Rates(bot.config, bot.world.clock)
        bot.updates.execute = self._in_answer
        sending = Sending(bot)
        self._sending = sending
        methods: dict[str, Method] = {
            "getMe": self._get_me,
            "getUpdates": self._get_updates,
            "setWebhook": self._set_webhook,
            "deleteWebhook": self._delete_webhook,
            "getWebhookInfo": self._webhook_info,
            "sendMessage": sending.send_message,
            "sendPhoto": sending.send_photo,
            "sendMediaGroup": sending.send_album,
            "sendLocation": sending.send_place,
            "sendVenue": sending.send_place,
            "sendContact": sending.send_contact,
            "copyMessage": sending.copy,
            "forwardMessage": sending.copy,
            "editMessageText": sending.edit_text,
            "editMessageCaption": sending.edit_caption,
            "editMessageReplyMarkup": sending.edit_markup,
            "deleteMessage": sending.delete,
            "sendChatAction": self._typing,
            "answerCallbackQuery": self._answer_query,
            "setMyCommands": self._set_commands,
            "getMyCommands": self._get_commands,
            "deleteMyCommands": self._set_commands,
            "getFile": self._get_file,
            "getChat": self._get_chat,
            "setMyDescription": self._noted,
            "setMyShortDescription": self._noted,
            "setMyName": self._noted,
            "setChatMenuButton": self._noted,
            "logOut": self._noted,
            "close": self._noted,
        }
        methods |= dict.fromkeys(KINDS, sending.send_file)
        # The server compares method names without regard to case.
        self._methods: Mapping[str, tuple[str, Method]] = {n.lower(): (n, m) for n, m in methods.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(scope.get("root_path", "").rstrip("/"))
        if path.startswith("/file/bot"):
            await self._download(path.removeprefix("/file/bot"))(scope, receive, send)
            return
        token, _, name = path.removeprefix("/bot").partition("/")
        known, method = self._methods.get(name.lower(), ("", None))
        fault = self._faults.strike("telegram", "api", known)
        if fault and await before(fault, receive):
            await Cut()(scope, receive, send)
            return
        answer: ASGIApp
        if fault and fault.action == "status":
            answer = self._troubled(fault)
        else:
            answer = await self._answer(Request(scope, receive), token, known, method)
        if fault and await after(fault, receive):
            answer = Cut()
        await answer(scope, receive, send)

    async def _answer(self, request: Request, token: str, name: str, method: Method | None) -> Response:
        try:
            if not TOKEN.fullmatch(token):
                raise TelegramError(404, "Not Found")
            if token != self._bot.config.token:
                raise TelegramError(401, "Unauthorized")
            if method is None:
                raise TelegramError(404, "Not Found")
            call = await calls.read(request, name)
            if name.startswith(("send", "copy", "forward")) and name != "sendChatAction":
                self._rates.take(call.text("chat_id"))
            body: Json = {"ok": True, "result": await method(call)}
            status = 200
        except TelegramError as error:
            body, status = error.body(), error.code
        self._world.record("telegram", "call", method=name, status=status)
        return Response(msgspec.json.encode(body), status, media_type="application/json")

    async def _in_answer(self, call: Call) -> Json:
        """A method call that came as the answer to a webhook; its outcome is told to nobody."""
        known, method = self._methods.get(call.method.lower(), ("", None))
        if method is None or known.startswith(NEVER_IN_ANSWER):
            return {}
        try:
            result = await method(Call(known, call.values))
        except TelegramError as error:
            self._world.record("telegram", "call", method=known, status=error.code, in_answer=True)
            return {}
        self._world.record("telegram", "call", method=known, status=200, in_answer=True)
        return {"result": result}

    def _troubled(self, fault: Fault) -> Response:
        self._world.record("telegram", "call", method=fault.method, status=fault.status, fault=fault.action)
        if fault.body:
            return Response(fault.body, fault.status, media_type="text/html")
        error = too_many(fault.retry_after)
        if fault.status != 429:
            error = TelegramError(fault.status, "Internal Server Error: restart")
        return Response(msgspec.json.encode(error.body()), fault.status, media_type="application/json")

    def _download(self, path: str) -> Response:
        token, _, name = path.partition("/")
        file = self._world.files.get(name.rpartition("/")[2].partition(".")[0])
        if token != self._bot.config.token or file is None:
            return Response(msgspec.json.encode(TelegramError(404, "Not Found").body()), 404)
        return Response(file.content, media_type="application/octet-stream")

    # -- updates and webhook -------------------------------------------------------------------

    async def _get_me(self, call: Call) -> Json:
        rights = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
        return self._bot.me | rights

    async def _get_updates(self, call: Call) -> list[Json]:
        if (kinds := call.nested("allowed_updates")) is not None:
            self._bot.updates.allow([str(kind) for kind in kinds])
        limit = min(max(call.number("limit", 100), 1), 100)
        return await self._bot.updates.fetch(call.number("offset"), limit, min(call.number("timeout"), 50))

    async def _set_webhook(self, call: Call) -> bool:
        url, secret = call.text("url"), call.text("secret_token")
        if url and not url.startswith(("https://", "http://")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if secret and not SECRET.fullmatch(secret):
            raise bad("secret token contains unallowed characters")
        kinds = call.nested("allowed_updates")
        before_it = self._bot.updates.hook
        allowed = before_it.allowed if kinds is None else [str(kind) for kind in kinds]
        connections = min(max(call.number("max_connections", 40), 1), 100)
        hook = Hook(url=url, secret=secret, allowed=allowed, max_connections=connections)
        same = (hook.url, hook.secret, hook.allowed) == (before_it.url, before_it.secret, before_it.allowed)
        if not same or call.flag("drop_pending_updates"):
            self._bot.updates.set_hook(hook, drop=call.flag("drop_pending_updates"))
        return True

    async def _delete_webhook(self, call: Call) -> bool:
        hook = Hook(allowed=self._bot.updates.hook.allowed)
        self._bot.updates.set_hook(hook, drop=call.flag("drop_pending_updates"))
        return True

    async def _webhook_info(self, call: Call) -> Json:
        hook = self._bot.updates.hook
        info: Json = {"url": hook.url, "has_custom_certificate": False}
        info["pending_update_count"] = self._bot.updates.count()
        if hook.url:
            info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
        if hook.last_error_date:
            info |= {"last_error_date": hook.last_error_date, "last_error_message": hook.last_error_message}
        if hook.allowed:
            info["allowed_updates"] = hook.allowed
        return info

    # -- the rest --------------------------------------------------------------------------------

    async def _typing(self, call: Call) -> bool:
        phone = self._sending.chat(call)
        if not call.text("action"):
            raise bad("wrong parameter action in request")
        phone.typing_until = self._world.clock.now() + 5
        self._world.save_phone(phone)
        return True

    async def _answer_query(self, call: Call) -> bool:
        phone, until = self._bot.queries.get(call.text("callback_query_id"), (None, 0.0))
        if phone is None or self._world.clock.now() >= until:
            raise bad("query is too old and response timeout expired or query ID is invalid")
        if len(call.text("text")) > 200:
            raise bad("MESSAGE_TOO_LONG")
        phone.alert = call.text("text")
        self._world.save_phone(phone)
        return True

    async def _set_commands(self, call: Call) -> bool:
        commands = call.nested("commands") or []
        if len(commands) > 100:
            raise bad("BOT_COMMANDS_TOO_MUCH")
        for command in commands:
            if not COMMAND.fullmatch(str(command.get("command", "")).removeprefix("/")):
                raise bad("BOT_COMMAND_INVALID")
            if not 1 <= len(str(command.get("description", ""))) <= 256:
                raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
        self._world.remember(_commands_key(call), commands)
        return True

    async def _get_commands(self, call: Call) -> list[Json]:
        commands: list[Json] = self._world.state.get(_commands_key(call), [])
        return commands

    async def _get_file(self, call: Call) -> Json:
        file = self._bot.file(call.text("file_id"))
        if file is None:
            raise bad("wrong file_id or the file is temporarily unavailable")
        if file.size > MAX_DOWNLOAD:
            raise bad("file is too big")
        object_ = self._bot.file_object("", file) | {"file_id": call.text("file_id")}
        return object_ | {"file_path": self._bot.file_path(file)}

    async def _get_chat(self, call: Call) -> Json:
        phone = self._world.person("telegram", call.text("chat_id"))
        if phone is None or not phone.following:
            raise bad("chat not found")
        kinds = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")
        more = {"accent_color_id": 0, "max_reaction_count": 11, "accepted_gift_types": dict.fromkeys(kinds, False)}
        return self._bot.chat(phone) | more

    async def _noted(self, call: Call) -> bool:
        """Has no effect that a phone would show."""
        return True


def _commands_key(call: Call) -> str:
    scope = call.nested("scope") or {"type": "default"}
    return f"telegram.commands.{scope.get('type', 'default')}.{scope.get('chat_id', '')}.{call.text('language_code')}"
