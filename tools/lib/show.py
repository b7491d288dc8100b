#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The fields asked for, out of the `data` of an answer on standard input.

usage: show.py [--bare] FIELD…        --bare: the value alone, for a script
"""
import json
import sys


def check_line(check):
    of = f"{check['covered']} of {check['total']}" \
        if check.get("total") else (check.get("message") or "")[:60]
    return f"{check['name']:12} {check['outcome']:8} {of}"


def main():
    names = [n for n in sys.argv[1:] if n != "--bare"]
    text = sys.stdin.read()
    try:
        answer = json.loads(text)
    except ValueError:
        sys.exit(f"not JSON: {text[:500]}")
    if "errors" in answer:
        sys.exit("refused: " + " ".join(answer["errors"]))
    data = answer.get("data") or {}
    for name in names:
        value = data.get(name)
        if "--bare" in sys.argv:
            print("" if value is None else value)
        elif name == "checks":
            for check in value or []:
                print(f"    {check_line(check)}")
        elif name == "plan" and value:
            print(f"    {'plan':20} revision {value['revision']}")
            for f in value["findings"]:
                print(f"    {f['name']:15} {f['level']:8} {f['message'][:60]}")
        elif name == "key_info":
            for key, row in (value or {}).items():
                print(f"    {key}  {row.get('verdict')}  "
                      f"{row.get('size_bytes')} bytes  "
                      f"{row.get('created_at')}")
        elif value is not None:
            print(f"    {name:20} {value}")


if __name__ == "__main__":
    main()
