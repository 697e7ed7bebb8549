"""Alembic migrations; run by :func:`layers.database.open_database`, never by hand."""
