"""Scripts and styles come from the package, or not at all."""

import re

import pytest

from geoplan.errors import NotFoundError
from geoplan.maps.assets import asset_path, head_elements


@pytest.mark.parametrize(
    "name",
    [
        "geoplan/../texts.py",
        "../texts.py",
        "leaflet/../../texts.py",
        "/etc/passwd",
        "geoplan//etc/passwd",
        "nothing.js",
        "",
        "geoplan/",
    ],
)
def test_nothing_outside_of_the_folders(name):
    with pytest.raises(NotFoundError):
        asset_path(name)


def test_linked_elements_point_to_the_base():
    head = head_elements("linked", base="/here/")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', head)
    assert addresses == [
        "/here/leaflet/leaflet.css",
        "/here/geoplan/map.css",
        "/here/leaflet/leaflet.js",
        "/here/geoplan/map.js",
    ]


def test_inline_elements_ask_for_nothing():
    head = head_elements("inline")
    assert not re.search(r"<(?:script|link)[^>]*(?:src|href)=", head)
    assert "sourceMappingURL" not in head
    assert set(re.findall(r"url\(([^:)]{0,20})", head)) <= {"data", '"data', "'data", "#default#VML"}
    assert head.count("</script>") == 2
    assert head.count("</style>") == 2
