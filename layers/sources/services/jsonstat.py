"""Data sets in JSON-stat 2, with the status of each cell."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from geoplan.errors import ServiceError

__all__ = ["category_codes", "read_dataset", "values_of"]


def category_codes(dimension: Mapping[str, Any]) -> list[str]:
    """Return the codes of a dimension in the order of its index.

    Parameters
    ----------
    dimension
        A dimension of a data set or of a table's metadata. The index is an object or a list; a dimension of one
        category may have a label only.
    """
    category = dimension.get("category", {})
    index = category.get("index") or list(category.get("label", {}))
    if isinstance(index, Mapping):
        return [str(code) for code, _ in sorted(index.items(), key=lambda item: int(item[1]))]
    return [str(code) for code in index]


def values_of(dataset: Mapping[str, Any]) -> list[Any]:
    """Return the cells of a data set as a list; those that a sparse one leaves out are ``None``."""
    return _cells(dataset.get("value"), _count(dataset))


def read_dataset(dataset: Mapping[str, Any]) -> pd.DataFrame:
    """Return one row a cell: a column of codes for each dimension, and one of labels.

    Parameters
    ----------
    dataset
        A data set of class ``dataset``, version 2.

    Returns
    -------
    DataFrame
        Text: for each dimension its id with the codes and ``ID.label`` with the labels; ``value``, empty where there
        is none; ``status``, such as ``..`` for a cell that is suppressed, else empty.

    Raises
    ------
    ServiceError
        Sizes, categories and cells do not fit each other.

    Notes
    -----
    The last dimension changes fastest (JSON-stat 2.0, https://json-stat.org/full/). ``status`` is one text for all
    cells, a list, or an object by position.
    """
    try:
        ids, sizes = [str(name) for name in dataset["id"]], [int(size) for size in dataset["size"]]
        dimensions = [dataset["dimension"][name] for name in ids]
        codes = [category_codes(dimension) for dimension in dimensions]
        if [len(known) for known in codes] != sizes:
            raise ValueError("sizes and categories differ")
        total = _count(dataset)
        values = _cells(dataset.get("value"), total)
        given = dataset.get("status")
        status = [given] * total if isinstance(given, str) else _cells(given or {}, total)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ServiceError(
            f"The service's data set is malformed: {error}.", hint="Try again later, or fetch the table as a file."
        ) from error
    columns: dict[str, Any] = {}
    for position, (name, known) in enumerate(zip(ids, codes, strict=True)):
        inner = math.prod(sizes[position + 1 :])
        place = np.tile(np.repeat(np.arange(len(known)), inner), total // max(1, inner * len(known)))
        labels = dimensions[position].get("category", {}).get("label", {})
        columns[name] = np.array(known, dtype=object)[place]
        columns[f"{name}.label"] = np.array([str(labels.get(code, code)) for code in known], dtype=object)[place]
    columns["value"] = ["" if value is None else str(value) for value in values]
    columns["status"] = ["" if mark is None else str(mark) for mark in status]
    return pd.DataFrame(columns, dtype=object)


def _count(dataset: Mapping[str, Any]) -> int:
    return math.prod(int(size) for size in dataset["size"])


def _cells(given: Any, total: int) -> list[Any]:
    """Return cells as a list, from a list or from an object by position."""
    if isinstance(given, Mapping):
        return [given.get(str(position)) for position in range(total)]
    if not isinstance(given, list) or len(given) != total:
        raise ValueError(f"{total} cells were expected")
    return given
