"""The API's documentation as a page of our own: the usual one loads its scripts from another host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.negotiation import LanguageParameter, choose_language
from api.pages import html, render
from api.reading import Serving, serving

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/docs", response_class=Response)
def docs(request: Request, serving: Annotated[Serving, Depends(serving)], lang: LanguageParameter = None) -> Response:
    """Every resource with its parameters, written from the OpenAPI description."""
    language = choose_language(request, lang, serving.default_language)
    description = request.app.openapi()
    groups: dict[str, list[dict[str, Any]]] = {}
    for operation in _operations(description):
        groups.setdefault(operation["tag"], []).append(operation)
    page = render(
        "docs.html",
        language,
        title=serving.title,
        synthetic=serving.synthetic,
        openapi=description["openapi"],
        groups=groups,
        path="/docs",
    )
    return html(page, language=language)


def _operations(description: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield _operation(path, method, operation)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "tag": operation.get("tags", [""])[0],
        "method": method.upper(),
        "path": path,
        "anchor": method + "".join(letter if letter.isalnum() else "-" for letter in path),
        "summary": operation["summary"],
        "description": operation.get("description", "").replace("`", ""),
        "parameters": [
            *(_parameter(parameter) for parameter in operation.get("parameters", ())),
            *_members(operation.get("requestBody", {})),
        ],
        "answers": "; ".join(_answer(code, answer) for code, answer in operation["responses"].items() if code != "422"),
    }


def _members(body: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the members of a JSON body as parameters."""
    for content in body.get("content", {}).values():
        for name, schema in content["schema"]["properties"].items():
            described = {"name": name, "schema": schema, "description": schema.get("description", "")}
            yield _parameter(described | {"required": name in content["schema"]["required"]})


def _parameter(parameter: Mapping[str, Any]) -> dict[str, str]:
    schema = parameter["schema"]
    options = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    shape = options[0]
    values = " | ".join(map(str, shape["enum"])) if "enum" in shape else str(shape.get("type", "text"))
    low, high = shape.get("minimum"), shape.get("maximum")
    if low is not None or high is not None:
        values += f", {'' if low is None else f'{low:g}'}–{'' if high is None else f'{high:g}'}"
    if schema.get("default") is not None:
        values += f" (default {str(schema['default']).lower()})"
    if parameter.get("required"):
        values += " (required)"
    description = parameter.get("description", "").replace("`", "")
    return {"name": parameter["name"], "allowed": values, "description": description}


def _answer(code: str, answer: Mapping[str, Any]) -> str:
    kinds = ", ".join(answer.get("content", ()))
    text = answer.get("description", "")
    return f"{code} {kinds}".strip() if code == "200" else f"{code} {text}".strip()
