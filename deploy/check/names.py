#!/usr/bin/env python3
"""Holds the code to naming no rule and no kind of reading: what knows one by its name has to be changed
with each new one.

A rule's name and its folder's may stand in the folder and in the list of rules; a kind's in its
declaration and in rules, which judge kinds; both in tests, in what is generated or recorded, and in
documents. Whoever else names one stands in ALLOWED with the reason. Says what is found and exits with 1.
"""

import pathlib
import re
import subprocess
import sys

RULES = pathlib.Path("crates/clinical/src/rules")
KINDS = pathlib.Path("schemas/kinds")

# Files, and folders with a slash at their end, that may name what is said here.
ALLOWED = {
    "crates/clinical/src/timeline/model.rs": ("kind", "a model for tests"),
    "fuzz/src/targets/": ("rule and kind", "what is damaged"),
    "load-tests/src/": ("kind", "loads are made of certain kinds"),
    "schemas/avro/": ("rule and kind", "examples in docs that are published, and never change"),
    "schemas/src/examples.rs": ("kind", "the list of examples"),
    "services/dashboard/web/dev/": ("rule and kind", "made-up patients for working on the pages"),
    "services/dashboard/web/src/charts/blood-pressure.tsx": ("kind", "the chart of the kind"),
    "services/dashboard/web/src/charts/glucose.tsx": ("kind", "the chart of the kind"),
    "services/dashboard/web/src/charts/weight.tsx": ("kind", "the chart of the kind"),
    "services/gateway/src/exchange/contract.rs": ("kind", "tests"),
    "services/gateway/src/exchange/properties.rs": ("kind", "tests"),
    "services/simulator/src/": ("kind", "virtual patients, whose bodies tie kinds to each other"),
    "services/writer/src/rows/samples.rs": ("rule and kind", "rows for tests"),
    "tests/src/": ("rule and kind", "what tests send and expect"),
}

TEST = re.compile(r"(^|/)tests?/(?!src/)|[/_.]tests?\.|engine_tests|\.test\.ts|/e2e/|^tests/browser/")
GENERATED = re.compile(
    r"generated|openapi\.json$|/published/|\.snap$|regressions|^fuzz/corpus/|\.lock$"
    r"|^schemas/(avro/(accepted_)?reading\.avsc$|clickhouse/|examples/)"
)
TEST_MODULE = re.compile(r"^#\[cfg\(test\)\]\n(?:#\[.*\n)*(?:pub(?:\(crate\))? )?mod ", re.M)


def names_of_rules():
    folders = [folder.name for folder in RULES.iterdir() if folder.is_dir()]
    # bp_severe_high holds the rule bp.severe_high.
    return {name: RULES / folder for folder in folders for name in (folder, folder.replace("_", ".", 1))}


def names_of_kinds():
    names = {}
    for file in KINDS.glob("*.toml"):
        kind = file.stem
        names["".join(part.capitalize() for part in kind.split("_"))] = file
        # A word of English is a kind's name only as a text of its own.
        for name in (kind,) if "_" in kind else (f'"{kind}"', f"'{kind}'"):
            names[name] = file
    return names


def main():
    # New files as well, before they are added.
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    files = [file for file in map(pathlib.Path, listed) if file.exists()]
    all_names = {"rule": names_of_rules(), "kind": names_of_kinds()}
    patterns = {
        what: re.compile(r"(?<!\w)(" + "|".join(map(re.escape, names)) + r")(?!\w)") for what, names in all_names.items()
    }
    found, used = [], set()
    for file in files:
        path = str(file)
        is_free = TEST.search(path) or GENERATED.search(path) or path.startswith(("docs/", "deploy/check/"))
        if is_free or file.suffix == ".md" or file == RULES / "mod.rs":
            continue
        try:
            text = file.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        if file.suffix == ".rs":
            text = TEST_MODULE.split(text, maxsplit=1)[0]
        for number, line in enumerate(text.splitlines(), 1):
            for what, pattern in patterns.items():
                for match in pattern.finditer(line):
                    home = all_names[what][match[1]]
                    if file.is_relative_to(home) or what == "kind" and (file.is_relative_to(RULES) or file.is_relative_to(KINDS)):
                        continue
                    places = [place for place in ALLOWED if path == place or place[-1] == "/" and path.startswith(place)]
                    allowing = [place for place in places if what in ALLOWED[place][0]]
                    if allowing:
                        used.update((place, what) for place in allowing)
                    else:
                        found.append(f"{path}:{number}: names the {what} {match[1]}")
    for place, (whats, _) in ALLOWED.items():
        for what in whats.split(" and "):
            if (place, what) not in used:
                found.append(f"{place}: names no {what} any more; take it off the list")
    kinds = len(list(KINDS.glob("*.toml")))
    rules = len(set(all_names["rule"].values()))
    print("\n".join(found) or f"{rules} rules and {kinds} kinds are named only where they may be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
