"""Scripts and styles of the map pages: from this package alone, never from another host.

Our own files lie in ``static/``, those of others in Python packages that carry them, pinned like any other
dependency: Leaflet in XStatic-Leaflet, in the version that Folium names.
"""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from collections.abc import Iterable
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal

from geoplan.errors import NotFoundError

__all__ = ["MAP_SCRIPTS", "MAP_STYLES", "AssetMode", "asset_path", "head_elements"]

AssetMode = Literal["linked", "inline"]
"""``linked``: addresses under a base that the server answers; ``inline``: all in the page itself."""

MAP_STYLES = ("leaflet/leaflet.css", "geoplan/map.css")
MAP_SCRIPTS = ("leaflet/leaflet.js", "geoplan/map.js")

_FOLDERS = {"geoplan": ("geoplan.maps", "static"), "leaflet": ("xstatic.pkg.leaflet", "data")}
_URL = re.compile(rb"url\(\s*[\"']?(?!data:|#)([^\"')]+)[\"']?\s*\)")


def asset_path(name: str) -> Path:
    """Return the file of an asset.

    Parameters
    ----------
    name
        ``geoplan/map.js`` for a file of ours, ``leaflet/leaflet.js`` for one of others.

    Raises
    ------
    NotFoundError
        There is no such asset, or the name leaves the folder.
    """
    package, _, file = name.partition("/")
    if package not in _FOLDERS:
        raise NotFoundError(f"There is no asset {name!r}.")
    module, part = _FOLDERS[package]
    folder = Path(str(resources.files(module))).joinpath(part).resolve()
    path = (folder / file).resolve()
    if not path.is_relative_to(folder) or not path.is_file():
        raise NotFoundError(f"There is no asset {name!r}.")
    return path


def head_elements(
    mode: AssetMode,
    *,
    base: str = "/assets/",
    styles: Iterable[str] = MAP_STYLES,
    scripts: Iterable[str] = MAP_SCRIPTS,
) -> str:
    """Return the ``link``, ``style`` and ``script`` elements of a page's head.

    Parameters
    ----------
    mode
        Whether the files are linked to or written into the page.
    base
        Start of the addresses in ``linked`` mode.
    styles, scripts
        Names of assets.

    Raises
    ------
    NotFoundError
        See :func:`asset_path`; in ``linked`` mode too, so that a page without its scripts is never served.
    """
    lines = []
    for name in styles:
        asset_path(name)
        if mode == "linked":
            lines.append(f'<link rel="stylesheet" href="{html.escape(base + name)}">')
        else:
            lines.append(f"<style>{_inline_style(name)}</style>")
    for name in scripts:
        asset_path(name)
        if mode == "linked":
            lines.append(f'<script src="{html.escape(base + name)}"></script>')
        else:
            lines.append(f"<script>{_inline_script(name)}</script>")
    return "\n".join(lines)


@cache
def _inline_script(name: str) -> str:
    text = asset_path(name).read_text(encoding="utf-8")
    # A source map would be asked for from the page's own folder; "</script" would end the element.
    text = re.sub(r"(?m)^//[#@] sourceMappingURL=.*$", "", text)
    return re.sub(r"</(script)", r"<\\/\1", text, flags=re.IGNORECASE).strip()


@cache
def _inline_style(name: str) -> str:
    def data_uri(match: re.Match[bytes]) -> bytes:
        path = asset_path(str(Path(name).parent / match.group(1).decode()))
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return b"url(data:" + kind.encode() + b";base64," + base64.b64encode(path.read_bytes()) + b")"

    content = _URL.sub(data_uri, asset_path(name).read_bytes()).decode("utf-8")
    return re.sub(r"</(style)", r"<\\/\1", content, flags=re.IGNORECASE).strip()
