#!/usr/bin/env python3
"""Holds the code to naming no rule and no kind of reading: what knows one by its name has to be changed
with each new one.

A rule's name may stand in its folder and in the list of rules, a kind's in its declaration; both in
tests, in what is generated or recorded, and in documents. A rule may name the kinds that it judges.
Whoever else names one stands in a list below with the reason. Says what is found and exits with 1.
"""

import pathlib
import re
import subprocess
import sys

RULES = pathlib.Path("crates/clinical/src/rules")
KINDS = pathlib.Path("schemas/kinds")

RULE_ALLOWED = {
    "fuzz/src/targets/clinical.rs": "words that damaged plans are made of",
    "fuzz/src/targets/samples.rs": "messages that are damaged",
    "schemas/avro/care_plan.avsc": "an example in a doc that is published, and never changes",
    "services/dashboard/web/dev/fake-patients.mjs": "made-up patients for working on the pages",
    "services/dashboard/web/dev/mock-api.mjs": "made-up patients for working on the pages",
    "services/writer/src/rows/samples.rs": "rows for tests",
    "tests/src/torture/events.rs": "events for tests",
}

KIND_ALLOWED = {
}

TEST = re.compile(r"(^|/)tests?/(?!src/)|[/_.]tests?\.|engine_tests|\.test\.ts|/e2e/|^tests/|^load-tests/|^fuzz/")
GENERATED = re.compile(r"generated|openapi\.json$|/published/|\.snap$|regressions|^fuzz/corpus/|\.lock$|^schemas/(avro|clickhouse|examples)/")


def main():
    tracked = subprocess.run(["git", "ls-files"], check=True, capture_output=True, text=True)
    files = [pathlib.Path(line) for line in tracked.stdout.splitlines()]
    kinds = sorted(kind.stem for kind in KINDS.glob("*.toml"))
    camel = lambda name: "".join(part.capitalize() for part in name.split("_"))
    # Words that are nothing else: activity is a word of English, Kind::Activity is not.
    names = "|".join([kind for kind in kinds if "_" in kind or kind[-1:] == "c"] + [f"{camel(kind)}" for kind in kinds])
    pattern = re.compile(rf"(?<!\w)({names})(?!\w)|['\"](activity)['\"]")
    for file in files:
        path = str(file)
        if TEST.search(path) or GENERATED.search(path) or file.suffix == ".md" or path.startswith("deploy/check/") or file.is_relative_to(RULES) or file.is_relative_to(KINDS):
            continue
        try:
            text = file.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        if file.suffix == ".rs":
            text = re.split(r"^#\[cfg\(test\)\]\n(?:#\[.*\n)*(?:pub(?:\(crate\))? )?mod ", text, maxsplit=1, flags=re.M)[0]
        for number, line in enumerate(text.splitlines(), 1):
            for match in pattern.finditer(line):
                print(f"{path}:{number}: {line.strip()[:120]}")
                break

if __name__ == "__main__":
    sys.exit(main())
