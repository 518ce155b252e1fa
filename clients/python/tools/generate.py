"""Writes the client's methods and types from the OpenAPI document: ``python tools/generate.py openapi.json src/latchkey``.

A test holds that what stands there is what this writes (``UPDATE_CLIENTS=1 npx vitest run test/clients-python.test.ts``).
"""

from __future__ import annotations

import json
import keyword
import re
import sys
import textwrap
from pathlib import Path
from typing import Any

from operations import BY_PLACE, NOUNS, PLACES, REASONS, Place

HEAD = '"""{what} Written by tools/generate.py from the OpenAPI document."""\n\nfrom __future__ import annotations\n\n'


def main(document: dict[str, Any], folder: Path) -> None:
    operations = {
        operation["operationId"]: (path, method, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    unknown = sorted(set(operations) - set(PLACES) - set(REASONS))
    gone = sorted((set(PLACES) | set(REASONS)) - set(operations))
    if unknown or gone:
        raise SystemExit(f"tools/operations.py lacks {unknown} and has {gone}, which the API does not.")
    types = Types(document["components"]["schemas"])
    methods = [Method(PLACES[name], *operations[name], types) for name in PLACES]
    (folder / "types.py").write_text(types.text())
    (folder / "_async_client.py").write_text(client_text(methods, is_async=True))
    (folder / "_sync_client.py").write_text(client_text(methods, is_async=False))


class Types:
    """The document's shapes, as TypedDicts."""

    def __init__(self, schemas: dict[str, Any]) -> None:
        self._schemas = schemas
        self._classes: dict[str, str] = {}
        self._aliases: list[str] = []
        for name in sorted(schemas):
            self._add(name, schemas[name])

    def text(self) -> str:
        head = HEAD.format(what="The shapes of what the API takes and answers.")
        head += "from collections.abc import Mapping, Sequence\nfrom datetime import datetime\n"
        head += "from typing import Any, Dict, List, Literal, Optional, TypedDict, Union\n"
        body = "\n\n".join(self._classes[name] for name in sorted(self._classes))
        return head + "\n\n" + body + "\n" + "".join(f"\n{alias}\n" for alias in self._aliases)

    def of(self, schema: dict[str, Any], where: str, prefix: str = "") -> str:
        """The type of a schema; shapes without a name get that of where they stand."""
        if "$ref" in schema:
            return prefix + schema["$ref"].rsplit("/", 1)[1]
        if "anyOf" in schema:
            return self._union([self.of(one, where, prefix) for one in schema["anyOf"]])
        if "enum" in schema:
            return f"Literal[{', '.join(json.dumps(value) for value in schema['enum'])}]"
        kind = schema.get("type")
        if isinstance(kind, list):
            return self._union([self.of({**schema, "type": one}, where, prefix) for one in kind])
        if kind == "array":
            return f"List[{self.of(schema.get('items', {}), where, prefix)}]"
        if kind == "object":
            if schema.get("properties"):
                self._add(where, schema)
                return prefix + where
            inner = schema.get("additionalProperties")
            return f"Dict[str, {self.of(inner, where, prefix) if isinstance(inner, dict) and inner else 'Any'}]"
        if kind == "string":
            return "datetime" if schema.get("format") == "date-time" else "str"
        return {"integer": "int", "number": "float", "boolean": "bool", "null": "None"}.get(str(kind), "Any")

    def _union(self, parts: list[str]) -> str:
        parts = list(dict.fromkeys(parts))
        others = [part for part in parts if part != "None"]
        union = others[0] if len(others) == 1 else f"Union[{', '.join(others)}]"
        return union if len(others) == len(parts) else f"Optional[{union}]"

    def _add(self, name: str, schema: dict[str, Any]) -> None:
        if name in self._classes:
            return
        if "properties" not in schema:
            self._aliases.append(f"{name} = {self.of(schema, name)}")
            return
        self._classes[name] = ""
        required = set(schema.get("required", ()))
        fields = {field: (self.of(inner, name + camel(field)), inner) for field, inner in schema["properties"].items()}
        firm = {field: fields[field] for field in fields if field in required}
        loose = {field: fields[field] for field in fields if field not in required}
        about = docstring(schema.get("description") or f"The shape {name} of the API.", 4)
        if firm and loose:
            text = typed_dict(f"_{name}", "TypedDict", "", firm)
            text += "\n\n" + typed_dict(name, f"_{name}, total=False", about, loose)
        else:
            text = typed_dict(name, "TypedDict" if firm else "TypedDict, total=False", about, firm or loose)
        self._classes[name] = text


def typed_dict(name: str, bases: str, about: str, fields: dict[str, tuple[str, Any]]) -> str:
    if any(keyword.iskeyword(field) or not field.isidentifier() for field in fields):
        items = ", ".join(f'"{field}": "{kind}"' for field, (kind, _) in fields.items())
        return f'{name} = TypedDict("{name}", {{{items}}})\n'
    lines = [f"class {name}({bases}):", *([about] if about else [])]
    for field, (kind, schema) in fields.items():
        if schema.get("description"):
            lines += textwrap.wrap(schema["description"], 108, initial_indent="    #: ", subsequent_indent="    #: ")
        lines.append(f"    {field}: {kind}")
    return "\n".join(lines) + "\n"


class Method:
    """A method of the client, as both clients have it."""

    def __init__(self, place: Place, path: str, method: str, operation: dict[str, Any], types: Types) -> None:
        self.place = place
        self.path = path
        self.verb = method.upper()
        self.operation = operation
        self._types = types
        parameters = operation.get("parameters", [])
        self.segments = [one["name"] for one in parameters if one["in"] == "path"]
        self.query = [one for one in parameters if one["in"] == "query"]
        headers = {one["name"] for one in parameters if one["in"] == "header"}
        self.is_creation = "Idempotency-Key" in headers
        self.is_conditional = "If-Match" in headers
        self.is_export = place.method == "export"
        self.is_list = any(one["name"] == "after" for one in self.query) and place.noun != "events"
        content = operation.get("requestBody", {}).get("content", {})
        self.is_form = "application/x-www-form-urlencoded" in content
        self.schema = next((one["schema"] for one in content.values()), None)
        self.fields: list[tuple[str, str, bool]] = []
        if self.schema is not None and "$ref" in self.schema:
            shape = types._schemas[self.schema["$ref"].rsplit("/", 1)[1]]
            name = self.schema["$ref"].rsplit("/", 1)[1]
            for field, inner in shape["properties"].items():
                kind = self._types.of(inner, name + camel(field), "shapes.")
                self.fields.append((field, kind, field in shape.get("required", ())))
        if self.is_export:
            self.query = [one for one in self.query if one["name"] != "format"]

    @property
    def answer(self) -> str:
        responses = self.operation["responses"]
        content = (responses.get("200") or responses["202"]).get("content", {})
        if self.is_export:
            return "shapes.AuditEvent" if self.place.noun == "audit" else "Dict[str, Any]"
        kind, media = next(iter(content.items()), ("", {}))
        if kind != "application/json":
            return "str" if kind else "None"
        if self.place.method == "read_openapi":
            return "Dict[str, Any]"
        answer = self._types.of(media["schema"], "Answer", "shapes.")
        if self.is_list:
            return f"Page[{answer[5:-1]}]"
        if self.place.noun == "usage":
            return "UsageFigures"
        return answer.replace("shapes.Verdict", "Verdict")

    def parameters(self) -> tuple[list[str], list[str]]:
        """The parameters by place, and those by name."""
        by_place = [f"{python(name)}: str" for name in self.segments]
        by_name = []
        if self.schema is not None and not self.fields:
            by_place.append(f"{self.body_name}: Sequence[{self._types.of(self.schema, 'Body', 'shapes.')[5:-1]}]")
        required = [field for field in self.fields if field[2]]
        if self.operation["operationId"] in BY_PLACE:
            by_place += [f"{python(name)}: {accepted(kind)}" for name, kind, _ in required]
        else:
            by_name += [f"{python(name)}: {accepted(kind)}" for name, kind, _ in required]
        by_name += [f"{python(n)}: Union[{accepted(k)}, Unset] = UNSET" for n, k, is_firm in self.fields if not is_firm]
        for one in self.query:
            kind = accepted(self._types.of(one["schema"], "Query", "shapes."))
            is_firm = one.get("required", False)
            by_name.append(
                f"{python(one['name'])}: {kind}" if is_firm else f"{python(one['name'])}: Optional[{kind}] = None"
            )
        if self.is_conditional:
            by_name.append("if_revision: Union[str, Sequence[str], None] = None")
        if self.is_creation:
            by_name.append("idempotency_key: Optional[str] = None")
        timeout = f" = {self.place.timeout}" if self.place.timeout else " = None"
        by_name.append(f"timeout: Optional[float]{timeout}")
        # What must be given comes first.
        by_name.sort(key=lambda one: "=" in one.split("]")[-1] or "=" in one)
        return by_place, by_name

    @property
    def body_name(self) -> str:
        return {"verify_batch": "requests", "import_": "keys", "report_uses": "uses"}[self.place.method]

    def signature(self, name: str, returns: str, is_async: bool) -> str:
        by_place, by_name = self.parameters()
        lines = ["self", *by_place, "*", *by_name]
        parameters = "".join(f"        {line},\n" for line in lines)
        return f"    {'async ' if is_async else ''}def {name}(\n{parameters}    ) -> {returns}:\n"

    def about(self) -> str:
        operation = self.operation
        text = operation["summary"] + "."
        if operation.get("description"):
            text += "\n\n" + operation["description"]
        names = [
            *(
                (one["name"], one.get("description"))
                for one in self.operation.get("parameters", [])
                if one["in"] in ("path", "query")
            )
        ]
        told = [f":param {python(name)}: {described}" for name, described in names if described and name != "format"]
        return docstring(text + ("\n\n" + "\n".join(told) if told else ""), 8)

    def call(self) -> str:
        """The arguments of the request."""
        path = re.sub(r"\{(\w+)\}", lambda found: "{path_segment(" + python(found[1]) + ")}", self.path)
        arguments = [f'f"{path}"' if "{" in path else f'"{path}"']
        if self.query:
            arguments.append(f"query={self.query_text()}")
        if self.fields:
            pairs = ", ".join(f'"{name}": {python(name)}' for name, _, _ in self.fields)
            arguments.append(f"{'form' if self.is_form else 'body'}=given({{{pairs}}})")
        elif self.schema is not None:
            arguments.append(f"body=list({self.body_name})" if False else f"body=[*{self.body_name}]")
        if self.is_creation and self.is_conditional:
            arguments.append("headers={**condition(if_revision), **once_under(idempotency_key)}")
        elif self.is_creation:
            arguments.append("headers=once_under(idempotency_key)")
        elif self.is_conditional:
            arguments.append("headers=condition(if_revision)")
        if self.is_creation or self.place.repeatable == "always" or self.verb == "GET":
            arguments.append("repeatable=True")
        elif self.place.repeatable == "revision":
            arguments.append("repeatable=if_revision is not None")
        else:
            arguments.append("repeatable=False")
        is_waiting = any(one["name"] == "wait_seconds" for one in self.query)
        arguments.append("timeout=wait_time(timeout, wait_seconds)" if is_waiting else "timeout=timeout")
        return f'self._requester.send("{self.verb}", {", ".join(arguments)})'

    def query_text(self) -> str:
        pairs = []
        for one in self.query:
            name = python(one["name"])
            is_joined = one["schema"].get("type") == "array" and not one.get("explode", True)
            pairs.append(f'"{one["name"]}": {f"comma({name})" if is_joined else name}')
        return "{" + ", ".join(pairs) + "}"

    def async_text(self) -> str:
        name = self.place.method
        if self.is_export:
            path, query = self.path, self.query_text()
            body = f'        return Export(self._requester.rows("{path}", {query}, timeout))\n'
            text = self.signature(name, f"Export[{self.answer}]", is_async=False)
            return text + self.about() + body
        text = self.signature(name, self.answer, is_async=True) + self.about()
        text += f"        answer = await {self.call()}\n"
        text += self.reading()
        if self.is_list:
            text += self.all_text(is_async=True)
        return text

    def reading(self) -> str:
        answer = self.answer
        if answer == "None":
            return "        del answer\n"
        if answer == "str":
            return "        return answer.text\n"
        if answer == "UsageFigures":
            return "        return usage_figures(answer)\n"
        if answer == "List[Verdict]":
            return "        return [read_verdict(one) for one in answer.json()]\n"
        if answer.startswith("Page["):
            return "        return read_page(answer)\n"
        return f"        told: {answer} = answer.json()\n        return told\n"

    def all_text(self, is_async: bool) -> str:
        by_place, by_name = self.parameters()
        by_name = [one for one in by_name if not one.startswith("after:")]
        item = self.answer[5:-1]
        kind = "AsyncIterator" if is_async else "Iterator"
        name = self.place.method.replace("list", "list_all", 1)
        lines = "".join(f"        {line},\n" for line in ["self", *by_place, "*", *by_name])
        passed = [one.split(":")[0] for one in by_place] + [f"{n}={n}" for n in (one.split(":")[0] for one in by_name)]
        text = f"\n    {'async ' if is_async else ''}def {name}(\n{lines}    ) -> {kind}[{item}]:\n"
        text += docstring(f"Gives every item of {self.place.method}(), page by page, as it is asked for.", 8)
        text += "        after: Optional[str] = None\n        while True:\n"
        text += f"            page = {'await ' if is_async else ''}self.{self.place.method}({', '.join([*passed, 'after=after'])})\n"
        text += "            for item in page.items:\n                yield item\n"
        text += "            if page.next is None:\n                return\n            after = page.next\n"
        return text

    def sync_text(self) -> str:
        by_place, by_name = self.parameters()
        passed = [one.split(":")[0] for one in by_place] + [f"{n}={n}" for n in (one.split(":")[0] for one in by_name)]
        call = f"self._inner.{self.place.method}({', '.join(passed)})"
        if self.is_export:
            text = self.signature(self.place.method, f"SyncExport[{self.answer}]", is_async=False)
            return text + self.about() + f"        return SyncExport({call})\n"
        text = self.signature(self.place.method, self.answer, is_async=False) + self.about()
        text += f"        return run({call})\n" if self.answer != "None" else f"        run({call})\n"
        return text + (self.all_text(is_async=False) if self.is_list else "")


def client_text(methods: list[Method], is_async: bool) -> str:
    head = HEAD.format(what=f"The methods of the {'asynchronous ' if is_async else ''}client, by noun.")
    head += "from collections.abc import AsyncIterator, Iterator, Mapping, Sequence\nfrom datetime import datetime\n"
    head += "from typing import Any, Dict, List, Literal, Optional, Union\n\nfrom . import types as shapes\n"
    if is_async:
        head += "from ._calls import UNSET, Export, Page, Unset, UsageFigures, comma, condition, given, once_under, read_page, usage_figures, wait_time\n"
        head += "from ._http import Requester, path_segment\nfrom .verdict import Verdict, read_verdict\n"
    else:
        head += (
            "from . import _async_client as inner\nfrom ._calls import UNSET, Page, SyncExport, Unset, UsageFigures\n"
        )
        head += "from ._loop import run\nfrom .verdict import Verdict\n"
    parts = []
    for noun in ["", *NOUNS]:
        name = class_name(noun, is_async)
        about = NOUNS.get(noun, "The calls that belong to no noun.")
        if is_async:
            start = "    def __init__(self, requester: Requester) -> None:\n        self._requester = requester\n"
        else:
            start = f"    def __init__(self, one: inner.{class_name(noun, True)}) -> None:\n        self._inner = one\n"
        bodies = [one.async_text() if is_async else one.sync_text() for one in methods if one.place.noun == noun]
        parts.append(f'class {name}:\n    """{about}"""\n\n{start}\n' + "\n".join(bodies))
    return head + "\n\n" + "\n\n".join(parts)


def class_name(noun: str, is_async: bool) -> str:
    return ("Async" if is_async else "") + (camel(noun) if noun else "Calls")


def accepted(kind: str) -> str:
    """What may be given for a kind: more than what is answered."""
    return kind.replace("List[", "Sequence[").replace("Dict[", "Mapping[")


def python(name: str) -> str:
    return name + "_" if keyword.iskeyword(name) else name


def camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


def docstring(text: str, indent: int) -> str:
    space = " " * indent
    lines: list[str] = []
    for paragraph in text.split("\n"):
        following = space + ("    " if paragraph.startswith(":param") else "")
        lines += textwrap.wrap(paragraph, 112, initial_indent=space, subsequent_indent=following) or [""]
    body = "\n".join(lines).strip().replace("\\", "\\\\")
    return f'{space}"""{body}"""\n' if "\n" not in body else f'{space}"""{body}\n{space}"""\n'


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()), Path(sys.argv[2]))
