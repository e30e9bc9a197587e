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
    faults = [f"{'.'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in validator.iter_errors(document)]
    print(" ".join(min(faults).split()) if faults else "ok")
