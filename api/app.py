"""The application: resources, pages and what they share."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from pyproj import CRS
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware

import geoplan
from api import health, homes, layers, offers, overrides, parcels, plots, releases, tables
from api.errors import register_errors
from api.middleware import HeadRequests, SecurityHeaders
from api.offered import OfferCache
from api.officials import Officials
from api.pages import assets, docs, landing, map
from api.pages import homes as homes_page
from api.parameters import KnownParameters
from api.reading import Serving
from geoplan.errors import CRSError
from geoplan.maps.texts import Language
from layers.database import Database

__all__ = ["create_app"]

_COMPRESS_FROM = 1_000


def create_app(
    database: Database,
    *,
    title: str,
    crs: object,
    default_language: Language = "sv",
    synthetic: bool = False,
    officials_file: Path | None = None,
    report_folder: Path | None = None,
) -> FastAPI:
    """Return the application that serves one municipality; only officials' decisions are ever written.

    Parameters
    ----------
    database
        An open database; only its engine of the reading role is used, but for officials' decisions.
    title
        The municipality's name.
    crs
        The workspace's CRS, in which geometry is stored.
    default_language
        Language of pages where the caller states none.
    synthetic
        Whether to say on every page that the municipality does not exist.
    officials_file
        The file of those who may decide (see :mod:`api.officials`); without it the application only reads.
    report_folder
        The folder with the municipality's own texts for the report; without it they are marked places.

    Raises
    ------
    SettingsError
        The file of officials cannot be read or is wrong.
    CRSError
        The CRS has no EPSG code.
    """
    srid = CRS.from_user_input(crs).to_epsg()
    if srid is None:
        raise CRSError("The workspace's CRS has no EPSG code.", hint="PostGIS needs one; choose such a CRS.")
    app = FastAPI(
        title=f"geoplan: {title}",
        version=geoplan.__version__,
        summary="Plots, the reasons of each, and the balance of plots against need.",
        license_info={"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
        docs_url=None,
        redoc_url=None,
        dependencies=[KnownParameters],
        redirect_slashes=False,
    )
    app.state.serving = Serving(database.read_only_engine, title, srid, default_language, synthetic)
    app.state.maps = map.MapCache()
    app.state.documents = homes_page.Documents(report_folder)
    app.state.offers = OfferCache()
    app.state.releases = releases.ReleaseCache()
    app.state.officials = Officials(officials_file)
    # The routes that write are the only ones to know the engine that can.
    app.state.writer = database.engine if app.state.officials.configured else None
    # Before the plots: an id may hold slashes, so that the route of one plot takes every longer path.
    for module in (
        landing,
        offers,
        plots,
        parcels,
        overrides,
        homes,
        releases,
        tables,
        map,
        homes_page,
        layers,
        health,
        docs,
        assets,
    ):
        app.include_router(module.router)
    register_errors(app)
    app.add_middleware(GZipMiddleware, minimum_size=_COMPRESS_FROM)
    # The data is public and no cookie is ever read, so any page may ask.
    app.add_middleware(
        CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"], expose_headers=["ETag", "Link"]
    )
    app.add_middleware(SecurityHeaders)
    app.add_middleware(HeadRequests)
    return app
