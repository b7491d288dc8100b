#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Add up JUnit files: "N passed, N failed[, N skipped]", alone on a line.

usage: sum-results.py DIRECTORY [FAILED-STEPS]

A gate or a build that failed has no JUnit file; the caller counts those.
"""
import glob
import os
import sys
import xml.etree.ElementTree as ElementTree


def count(path):
    passed = failed = skipped = 0
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except ElementTree.ParseError:
        return 0, 1, 0  # cut off half way: whatever wrote it did not end well
    for case in cases:
        kinds = {child.tag for child in case}
        why = " ".join(child.get("message") or "" for child in case)
        if kinds & {"failure", "error"} or "Unable to find" in why:
            failed += 1  # a program that was not built is no skipped test
        elif "skipped" in kinds or case.get("status") == "disabled":
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def main():
    passed = skipped = 0
    failed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for path in sorted(glob.glob(os.path.join(sys.argv[1], "*.xml"))):
        p, f, s = count(path)
        name = os.path.splitext(os.path.basename(path))[0]
        print(f"  {name:24} {p:5} passed {f:3} failed {s:3} skipped")
        passed, failed, skipped = passed + p, failed + f, skipped + s
    print()
    print(f"{passed} passed, {failed} failed"
          + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
