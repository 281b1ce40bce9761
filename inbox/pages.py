"""Templates to responses. Autoescape is on; nothing a citizen wrote is ever marked safe."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

FOLDER = Path(__file__).parent
FRAGMENT = "x-fragment"
"""The page's own script asks with this header for the part that changes."""

_templates = Environment(
    autoescape=True,
    loader=FileSystemLoader(FOLDER / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def wants_fragment(request: Request) -> bool:
    return FRAGMENT in request.headers


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Render `template` with the address under which the staff page is mounted as `base`."""
    base = request.scope.get("root_path", "")
    body = _templates.get_template(template).render(base=base, **values)
    return HTMLResponse(body, status, headers={"cache-control": "no-store"})
