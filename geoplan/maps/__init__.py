"""Folium maps from GeoDataFrames: accessible, in two languages, without a request to any other host."""

from geoplan.maps.assets import AssetMode
from geoplan.maps.plot_map import MapData, MapLinks, draw_map, plot_map, prepare_map, save_map

__all__ = ["AssetMode", "MapData", "MapLinks", "draw_map", "plot_map", "prepare_map", "save_map"]
