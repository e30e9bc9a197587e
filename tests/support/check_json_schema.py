"""Judges documents by a JSON Schema with Debian's python3-jsonschema, which is not ours.

Reads {"schema": …, "documents": […]} from the file named, and prints one line a document: "ok", or what is wrong with it.
"""
import json
import sys

from jsonschema import Draft202012Validator

with open(sys.argv[1], encoding="utf-8") as file:
    given = json.load(file)
Draft202012Validator.check_schema(given["schema"])
validator = Draft202012Validator(given["schema"])
for document in given["documents"]:
    faults = sorted(validator.iter_errors(document), key=lambda fault: fault.json_path)
    print(" ".join(f"{faults[0].json_path}: {faults[0].message}".split()) if faults else "ok")
