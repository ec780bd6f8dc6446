"""Holds every example to its schema: those of a description, and the JSON of docs/api.md.

usage: openapi_examples.py URL PAGE VECTORS

Needs jsonschema_rs, which check-openapi.py has with schemathesis. Exit status 1 if one does not fit,
or if there is none.
"""

import json
import re
import sys
import urllib.request
from pathlib import Path

import jsonschema_rs

BLOCK = re.compile(r"^```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SIGNED = {"$ref": "#/components/schemas/SignedTransaction"}


def described(value, place):
    """Every example below, with its schema and its place."""
    if isinstance(value, dict):
        examples = value.get("examples")
        if isinstance(examples, dict) and "schema" in value:
            for name, example in examples.items():
                yield f"{place}/{name}", value["schema"], example["value"]
        elif isinstance(examples, list):
            for example in examples:
                yield place, value, example
        for name, inner in value.items():
            yield from described(inner, f"{place}/{name}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from described(inner, f"{place}/{at}")


def written(page, vectors):
    """The same of what the page shows; a transaction in it is that of the vectors."""
    for text in BLOCK.findall(page):
        example = json.loads(text)
        if "command" in example:
            signed = {"transaction": example, "signature": vectors["signature"]}
            yield "docs/api.md: a transaction", SIGNED, signed
        else:
            yield "docs/api.md: a problem", {"$ref": "#/components/schemas/Problem"}, example


def main():
    url, page, vectors = sys.argv[1:]
    with urllib.request.urlopen(url, timeout=30) as reply:
        document = json.load(reply)
    all_of_them = list(described(document, "#"))
    all_of_them += written(Path(page).read_text(), json.loads(Path(vectors).read_text()))
    bad = 0
    for place, schema, example in all_of_them:
        whole = {"components": document["components"], "allOf": [schema]}
        validator = jsonschema_rs.Draft202012Validator(whole)
        for error in validator.iter_errors(example):
            bad += 1
            print(f"FAIL {place}: {error.message}")
    print(f"ok   {len(all_of_them)} examples" if not bad else "")
    sys.exit(1 if bad or not all_of_them else 0)


if __name__ == "__main__":
    main()
