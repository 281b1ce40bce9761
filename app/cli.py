"""The command `tiepnhan`. Parts are imported where they are used: `--help` must not load a database driver."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Tiếp Nhận: cổng tiếp nhận phản ánh đa kênh",
)
profile_app = typer.Typer(no_args_is_help=True, help="Bộ quy tắc của một tỉnh")
user_app = typer.Typer(no_args_is_help=True, help="Người dùng trang cán bộ")
app.add_typer(profile_app, name="profile")
app.add_typer(user_app, name="user")

Config = Annotated[Path | None, typer.Option("--config", help="tiepnhan.toml; mặc định: $TIEPNHAN_CONFIG")]


def main() -> None:
    """Run the command; what is wrong with the set-up is said in one line each, without a traceback."""
    try:
        app()
    except SystemExit:
        raise
    except Exception as error:
        problems = _problems(error)
        if not problems:
            raise
        sys.exit("\n".join(f"tiepnhan: {problem}" for problem in problems))


def _problems(error: Exception) -> list[str]:
    """What an operator can do something about, in words; empty for a mistake of ours."""
    import psycopg

    from app.settings import SettingsError
    from core.errors import ProfileError
    from storage.embedded import EmbeddedPostgresError

    match error:
        case SettingsError() | ProfileError():
            return error.problems
        case EmbeddedPostgresError():
            return [str(error)]
        case psycopg.Error():
            # The driver's text may quote the address with its password.
            return [f"cơ sở dữ liệu không dùng được ({type(error).__name__}); xem: tiepnhan doctor"]
        case OSError():
            return [f"{error.filename}: {error.strerror}" if error.filename else str(error)]
    return []


@app.command()
def serve(
    config: Config = None,
    roles: Annotated[str, typer.Option(help="web,worker,poller")] = "web,worker,poller",
) -> None:
    """Chạy cổng tiếp nhận."""
    from app.serve import serve as run
    from app.settings import SettingsError, load
    from pipeline.gateway import Roles

    wanted = {role.strip() for role in roles.split(",")}
    if unknown := wanted - {"web", "worker", "poller"}:
        raise SettingsError([f"--roles: {', '.join(sorted(unknown))}"])
    run(load(config), Roles(web="web" in wanted, worker="worker" in wanted, poller="poller" in wanted))


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="cổng đầu tiên muốn dùng")] = 8080,
    profile: Annotated[str, typer.Option(help="bộ quy tắc của mọi kênh")] = "tien-giang",
    telegram_profile: Annotated[str, typer.Option(help="bộ quy tắc khác cho Telegram")] = "",
    facebook_profile: Annotated[str, typer.Option(help="bộ quy tắc khác cho Facebook")] = "",
    email_profile: Annotated[str, typer.Option(help="bộ quy tắc khác cho thư điện tử")] = "",
    folder: Annotated[Path | None, typer.Option(help="giữ dữ liệu ở đây")] = None,
    speed: Annotated[float, typer.Option(help="đồng hồ của nền tảng giả lập chạy nhanh gấp mấy lần")] = 1.0,
) -> None:
    """Trình diễn toàn bộ trên một trang, không cần mạng."""
    from app.demo import DemoOptions, run

    run(
        DemoOptions(
            port=port,
            zalo_profile=profile,
            telegram_profile=telegram_profile or profile,
            facebook_profile=facebook_profile or profile,
            email_profile=email_profile or profile,
            folder=folder,
            speed=speed,
        )
    )


@app.command()
def migrate(config: Config = None) -> None:
    """Đưa cơ sở dữ liệu về đúng phiên bản."""
    from app.settings import load
    from app.wiring import visited_database

    with visited_database(load(config)):
        pass


@app.command()
def doctor(
    config: Config = None,
    fix: Annotated[bool, typer.Option("--fix", help="đặt lại webhook và danh mục lệnh của Telegram")] = False,
) -> None:
    """Khám: cấu hình, khóa, cơ sở dữ liệu, đĩa, kho hồ sơ, từng kênh. Mã thoát 1 khi có chỗ sai."""
    import asyncio

    from app.doctor import Finding, failed
    from app.settings import load
    from app.visit import visit

    async def look() -> list[Finding]:
        found = []
        async for finding in visit(load(config), fix=fix):
            typer.echo(str(finding))
            found.append(finding)
        return found

    if failed(asyncio.run(look())):
        raise typer.Exit(1)


@app.command()
def replay(numbers: list[int], config: Config = None) -> None:
    """Đọc lại những lần nhận đã để riêng vì không đọc được, sau khi đã sửa."""
    import asyncio

    from app.logs import configure
    from app.replay import replay as again
    from app.settings import load

    configure(level="warning")
    done = asyncio.run(again(load(config), numbers))
    for one in done:
        typer.echo(f"{one.number}: {one.text}")
    if not all(one.taken for one in done):
        raise typer.Exit(1)


@app.command()
def erase(
    conversation: int,
    config: Config = None,
    yes: Annotated[bool, typer.Option("--yes", help="không hỏi lại")] = False,
) -> None:
    """Xóa dữ liệu cá nhân của một cuộc trao đổi theo yêu cầu của người dân; hồ sơ đã tiếp nhận được giữ."""
    import asyncio

    from app.erase import erase as run
    from app.settings import load

    if not yes:
        typer.confirm(f"Xóa nội dung của cuộc trao đổi {conversation}? Không khôi phục được.", abort=True)
    said = asyncio.run(run(load(config), conversation))
    if not said:
        typer.echo(f"Không có cuộc trao đổi {conversation}.", err=True)
        raise typer.Exit(1)
    typer.echo(said)


@app.command()
def inspect(channel: str, files: list[Path]) -> None:
    """Đọc tệp webhook thô và in các sự kiện ra JSON."""
    from app.inspection import inspect_file

    for path in files:
        typer.echo(json.dumps({"file": path.name, "events": inspect_file(channel, path)}, ensure_ascii=False))


@app.command()
def understand(text: str, profile: Annotated[str, typer.Option()] = "tien-giang") -> None:
    """In ra những gì hộp thoại đọc được trong một câu."""
    from app.inspection import understand_text

    typer.echo(json.dumps(understand_text(profile, text), ensure_ascii=False, indent=2))


@app.command()
def rehearse(
    paths: list[Path],
    channel: Annotated[list[str] | None, typer.Option(help="chơi trên kênh này thay vì kênh ghi trong tệp")] = None,
    profile: Annotated[str, typer.Option(help="chỉ chơi các hội thoại của bộ quy tắc này")] = "",
    show: Annotated[bool, typer.Option(help="in cả lời thoại")] = False,
) -> None:
    """Chơi các hội thoại mẫu qua toàn bộ hệ thống thật và máy giả lập."""
    from app.rehearsal.live import rehearse as play

    if not play(paths, channels=channel or [], profile=profile, show=show):
        raise typer.Exit(1)


@app.command()
def rasa(
    profile: Annotated[str, typer.Option(help="bộ quy tắc")] = "tien-giang",
    port: int = 5055,
    host: str = "127.0.0.1",
) -> None:
    """Phục vụ các bộ kiểm tra câu trả lời cho một trợ lý Rasa (cần cài thêm tiepnhan[rasa])."""
    import uvicorn

    from app.rasa import create_app
    from app.wiring import utc_now
    from regulations import loader

    uvicorn.run(create_app(loader.load(profile), now=utc_now), host=host, port=port, access_log=False)


@app.command("case-store")
def case_store(
    database: Annotated[str, typer.Option(help="embedded:THƯ_MỤC hoặc postgresql://…")] = "embedded:var/case-store",
    profile: Annotated[list[str] | None, typer.Option()] = None,
    port: int = 8090,
    api_key: Annotated[str, typer.Option(envvar="CASE_STORE_API_KEY")] = "",
    push_url: str = "",
    push_secret: Annotated[str, typer.Option(envvar="CASE_STORE_PUSH_SECRET")] = "",
) -> None:
    """Chạy kho hồ sơ mẫu (Open311)."""
    from case_store import serve as run
    from case_store.settings import CaseStoreSettings
    from storage.embedded import EmbeddedPostgres

    server = EmbeddedPostgres(Path(database.removeprefix("embedded:"))) if database.startswith("embedded:") else None
    url = server.start() if server is not None else database
    try:
        run(
            CaseStoreSettings(
                database_url=url,
                profiles=tuple(profile or ["tien-giang"]),
                api_keys=(api_key,) if api_key else (),
                port=port,
                public_url=f"http://127.0.0.1:{port}",
                push_url=push_url,
                push_secret=push_secret,
            )
        )
    finally:
        if server is not None:
            server.stop()


@app.command()
def simulator(
    port: int = 8081,
    zalo_webhook: str = "",
    telegram_webhook: str = "",
    telegram_secret: str = "",
    speed: float = 1.0,
) -> None:
    """Chạy các nền tảng giả lập (Zalo, Telegram)."""
    from simulator.app import serve as run
    from simulator.config import SimulatorConfig, TelegramConfig, ZaloConfig

    run(
        SimulatorConfig(
            port=port,
            speed=speed,
            zalo=ZaloConfig(webhook_url=zalo_webhook),
            telegram=TelegramConfig(webhook_url=telegram_webhook, webhook_secret=telegram_secret),
        )
    )


@profile_app.command("diff")
def profile_diff(
    left: str,
    right: str,
    words: Annotated[bool, typer.Option(help="so cả từ khóa nhận biết")] = False,
    texts: Annotated[bool, typer.Option(help="so cả lời của hệ thống")] = False,
) -> None:
    """Hai bộ quy tắc cạnh nhau: chỉ những chỗ khác."""
    from core.errors import ProfileError
    from regulations import loader
    from regulations.facts import differences, side_by_side

    try:
        pair = loader.load(left), loader.load(right)
    except ProfileError as error:
        for problem in error.problems:
            typer.echo(problem, err=True)
        raise typer.Exit(2) from None
    typer.echo("\n".join(side_by_side(*pair, differences(*pair, words=words, texts=texts))))


@profile_app.command("check")
def profile_check(files: list[Path]) -> None:
    """Kiểm tra bộ quy tắc; in từng chỗ sai."""
    from regulations.loader import check

    findings = [finding for path in files for finding in check(path)]
    for finding in findings:
        typer.echo(f"{finding.source}:{finding.line}: {'lưu ý' if finding.warning else 'sai'}: {finding.text}")
    if any(not finding.warning for finding in findings):
        raise typer.Exit(1)


@user_app.command("add")
def user_add(
    name: str,
    display_name: Annotated[str, typer.Option(prompt="Họ tên hiển thị")],
    password: Annotated[str, typer.Option(prompt="Mật khẩu", hide_input=True, confirmation_prompt=True)],
    admin: bool = False,
    config: Config = None,
) -> None:
    """Thêm người dùng của trang cán bộ."""
    import asyncio

    from app.settings import load
    from app.users import add

    try:
        added = asyncio.run(add(load(config), name, display_name, password, admin=admin))
    except ValueError:
        typer.echo("Mật khẩu quá ngắn.", err=True)
        raise typer.Exit(1) from None
    if not added:
        typer.echo(f"Đã có người dùng {name}.", err=True)
        raise typer.Exit(1)
