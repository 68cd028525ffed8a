#!/usr/bin/env python3
"""Holds the code to naming no rule: what knows a rule by its name has to be changed with each new one.

A rule's name and its folder's may stand in the folder, in the list of rules, in tests, in what is
generated or recorded, and in documents. Whoever else names one stands in ALLOWED with the reason.
Says what is found and exits with 1.
"""

import pathlib
import re
import subprocess
import sys

RULES = pathlib.Path("crates/clinical/src/rules")

ALLOWED = {
    "fuzz/src/targets/clinical.rs": "words that damaged plans are made of",
    "fuzz/src/targets/samples.rs": "messages that are damaged",
    "schemas/avro/care_plan.avsc": "an example in a doc that is published, and never changes",
    "services/dashboard/web/dev/fake-patients.mjs": "made-up patients for working on the pages",
    "services/dashboard/web/dev/mock-api.mjs": "made-up patients for working on the pages",
    "services/writer/src/rows/samples.rs": "rows for tests",
    "tests/src/torture/events.rs": "events for tests",
}

TEST = re.compile(r"(^|/)tests?/(?!src/)|[/_.]tests?\.|engine_tests|\.test\.ts|/e2e/|^tests/browser/")
GENERATED = re.compile(r"generated|openapi\.json$|/published/|\.snap$|regressions|^fuzz/corpus/|\.lock$")


def main():
    tracked = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True)
    files = [pathlib.Path(line) for line in tracked.stdout.splitlines()]
    folders = sorted(folder.name for folder in RULES.iterdir() if folder.is_dir())
    # bp_severe_high holds the rule bp.severe_high.
    names = {name: folder for folder in folders for name in (folder, folder.replace("_", ".", 1))}
    pattern = re.compile(r"(?<![\w])(" + "|".join(map(re.escape, names)) + r")(?![\w])")
    found, used = [], set()
    for file in files:
        path = str(file)
        is_free = TEST.search(path) or GENERATED.search(path) or file.suffix == ".md"
        if is_free or file == RULES / "mod.rs" or path == "deploy/check/rule_names.py":
            continue
        try:
            text = file.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        if file.suffix == ".rs":
            text = re.split(r"^#\[cfg\(test\)\]\n(?:#\[.*\n)*(?:pub(?:\(crate\))? )?mod ", text, maxsplit=1, flags=re.M)[0]
        for number, line in enumerate(text.splitlines(), 1):
            for match in pattern.finditer(line):
                if file.is_relative_to(RULES / names[match[1]]):
                    continue
                if path in ALLOWED:
                    used.add(path)
                else:
                    found.append(f"{path}:{number}: names the rule {match[1]}")
    found += [f"{path}: names no rule any more; take it off the list" for path in ALLOWED if path not in used]
    print("\n".join(found) or f"{len(folders)} rules are named by nobody but themselves")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
