"""Folium maps and printable reports, from GeoDataFrames."""
