"""The Folium side of a map page: a page, a map and data layers that load nothing and evaluate nothing.

Plain Folium loads its scripts from other hosts, forbids zooming of the page, gives no language, and compiles
what it has rendered as a template once more, so that a plot called ``{{ 7 * 7 }}`` would come out as 49.
The classes here keep Folium's way of building a map (any Folium layer may still be added to it) without that.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from functools import cache
from typing import Any

import folium
import jinja2
from branca.element import Element, Figure
from folium.map import Layer
from folium.template import Template
from markupsafe import Markup

from geoplan.maps.assets import AssetMode, head_elements
from geoplan.maps.generalise import json_for_html
from geoplan.maps.texts import Language

__all__ = ["DataLayer", "MapPage", "PlotMap", "Verbatim", "layer_key"]


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.PackageLoader("geoplan.maps"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Verbatim(Element):
    """Text that is rendered as it is; Folium's own elements are compiled as templates."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def render(self, **_kwargs: Any) -> str:
        """Return the text."""
        return self._text


class MapPage(Figure):
    """A whole page around the map: heading, panel with table and legend, notices.

    Parameters
    ----------
    language
        Language of the page.
    content
        What the template ``map.html`` needs besides the map.
    """

    def __init__(self, *, language: Language, content: Mapping[str, Any]) -> None:
        super().__init__(title=content["title"])
        self.language = language
        self.content = dict(content)
        self.header._children.clear()  # its Content-Type element; the template says the encoding first of all

    def render(self, **kwargs: Any) -> str:
        """Return the page's HTML."""
        for child in self._children.values():
            child.render(**kwargs)
        template = _environment().get_template("map.html")
        return template.render(
            **self.content,
            language=self.language,
            head=Markup(self.header.render(**kwargs)),  # noqa: S704 - written by the elements below
            map=Markup(self.html.render(**kwargs)),  # noqa: S704
            script=Markup(self.script.render(**kwargs)),  # noqa: S704
        )


class PlotMap(folium.Map):
    """A Folium map without background tiles whose scripts and styles come from this package.

    Parameters
    ----------
    bounds
        South-west and north-east corner as (lat, lon) to show first.
    assets, asset_base
        See :func:`geoplan.maps.assets.head_elements`.
    """

    default_js = []  # noqa: RUF012 - Folium's name and type
    default_css = []  # noqa: RUF012

    _template = Template(
        """
        {% macro html(this, kwargs) %}
        <div class="folium-map" id="map" role="application"></div>
        {% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = geoplan.map("map", {{ this.corners|tojson }});
        {% endmacro %}
        """
    )

    def __init__(
        self,
        *,
        bounds: tuple[tuple[float, float], tuple[float, float]],
        assets: AssetMode,
        asset_base: str = "/assets/",
    ) -> None:
        (south, west), (north, east) = bounds
        super().__init__(location=[(south + north) / 2, (west + east) / 2], tiles=None, prefer_canvas=True)
        self._id = "plots"  # Folium draws ids by lot; the same input gives the same page
        self.corners = [list(corner) for corner in bounds]
        self._head = head_elements(assets, base=asset_base)

    def render(self, **kwargs: Any) -> str:
        """Write the map's parts into the page."""
        _page(self).header.add_child(Verbatim(self._head), name="geoplan_assets", index=0)
        return str(super().render(**kwargs))  # type: ignore[no-untyped-call]


class DataLayer(Layer):
    """A GeoJSON layer whose data stands in the page as data, not as script.

    Parameters
    ----------
    name
        Its name; any text.
    geojson
        As :class:`geoplan.maps.generalise.Drawing` holds it: safe inside HTML.
    role
        How ``map.js`` draws it: ``land``, ``water``, ``settlements``, ``municipality``, ``areas``,
        ``constraint`` or ``plots``.
    options
        More for ``map.js``.
    show
        Whether it is switched on at first.
    """

    _template = Template(
        """
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = geoplan.layer("{{ this.key }}");
        {% endmacro %}
        """
    )

    def __init__(
        self,
        name: str,
        geojson: str,
        *,
        role: str,
        options: Mapping[str, Any] | None = None,
        show: bool = True,
    ) -> None:
        super().__init__(name=name, overlay=True, control=False, show=show)
        self.key = layer_key(name)
        self._name = "Layer"
        self._id = self.key
        self._geojson = geojson
        self._setup = {"role": role, **(options or {})}

    def render(self, **kwargs: Any) -> str:
        """Write the data and the script into the page."""
        block = f'{{"setup":{json_for_html(self._setup)},"data":{self._geojson}}}'
        _page(self).html.add_child(
            Verbatim(f'<script type="application/json" id="layer-{self.key}">{block}</script>'),
            name=f"data_{self.key}",
        )
        return str(super().render(**kwargs))  # type: ignore[no-untyped-call]


def layer_key(name: str) -> str:
    """Return a name for scripts and addresses within the page, different for different names."""
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "_" for letter in name)
    return plain if plain == name else f"{plain}_{zlib.crc32(name.encode()):08x}"


def _page(element: Element) -> Figure:
    root = element.get_root()
    if not isinstance(root, Figure):
        raise TypeError("A map is rendered from its page: use get_root().render().")
    return root
