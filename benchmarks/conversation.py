"""The eight messages of a citizen, and what Telegram and the case store answer: templates for `%`.

`k` is the citizen's number, `id` its chat, `n` a number of its own for each message, `ts` the time in seconds.
"""

import re

TOKEN, SECRET = "100200300:benchbenchbenchbenchbenchbenchbench", "bench-telegram-secret"
FIRST_ID = 7_731_000_000

CHAT = '{"id":%(id)d,"first_name":"Nguyễn Văn %(k)06d","type":"private"}'
UPDATE = (
    '{"update_id":%(n)d,"message":{"message_id":%(n)d,"from":{"id":%(id)d,"is_bot":false,'
    '"first_name":"Nguyễn Văn %(k)06d","language_code":"vi"},"chat":' + CHAT + ',"date":%(ts)d,@}}'
)
PHOTO = ",".join(
    f'{{"file_id":"anh%(k)06d{size}","file_unique_id":"u%(k)06d{size}","file_size":{file},"width":{w},"height":{h}}}'
    for size, file, w, h in (("s", 1321, 67, 90), ("m", 18231, 240, 320), ("x", 96211, 960, 1280))
)
STEPS = tuple(
    UPDATE.replace("@", said)
    for said in (
        '"text":"/start","entities":[{"offset":0,"length":6,"type":"bot_command"}]',
        '"text":"Rác thải"',
        '"text":"Rác thải sinh hoạt đổ tràn ra đường trước cổng chợ, bốc mùi hôi thối, mota%(k)06dx"',
        '"text":"Nguyễn Thị Bình Ten%(k)06d"',
        '"text":"0900%(k)06d"',
        '"location":{"latitude":21.1%(k)06d7,"longitude":105.1%(k)06d7}',
        f'"photo":[{PHOTO}]',
        '"text":"Xác nhận"',
    )
)
EXPECTED = ("mota%06dx", "Ten%06d", "0900%06d", "21.1%06d7", "105.1%06d7", "anh%06dx")
JSON, JPEG = "application/json", "image/jpeg"
ROUTES = (
    ("/cases", JSON, '{"service_request_id":"PA-%(k)06d"}'),
    ("/sendMessage", JSON, '{"ok":true,"result":{"message_id":%(n)d,"chat":' + CHAT + ',"date":%(ts)d,"text":"ok"}}'),
    ("/getMe", JSON, '{"ok":true,"result":{"id":100200300,"is_bot":true,"first_name":"b","username":"bench_bot"}}'),
    ("/getFile", JSON, '{"ok":true,"result":{"file_id":"anh%(k)06dx","file_unique_id":"u%(k)06dx","file_size":19,'
                       '"file_path":"photos/file_%(k)06d.jpg"}}'),
    ("/file/", JPEG, "\r\nnot-a-jpeg-at-all"),
    ("/bot", JSON, '{"ok":true,"result":true}'),
)  # fmt: skip
ID = re.compile(rb"(?<!\d)7731(\d{6})(?!\d)")
MARKER = re.compile(rb"Q(\d{1,3})Q")
