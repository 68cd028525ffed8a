#!/usr/bin/env python3
"""Holds the code to naming no rule, no kind of reading and no field of one, and no stage that alerts of
one rule alone have: what knows one by its name has to be changed with each new one.

A rule's name and its folder's may stand in the folder, in the list of rules and in the documents that
are written of rules; a stage of one rule in all rules, whose words must do for every stage; a kind's and its
fields' in its declaration, in rules, which judge kinds, and in documents; all in tests, and in what is generated or recorded. Names count however code writes them:
blood_pressure, blood-pressure, BloodPressure, bloodPressure, BLOOD_PRESSURE. Where one word of a name means
nothing else, as glucose does, code may not say it either. Whoever else names one
stands in ALLOWED with the reason. Says what is found and exits with 1.
"""

import pathlib
import re
import subprocess
import sys
import tomllib

RULES = pathlib.Path("crates/clinical/src/rules")
KINDS = pathlib.Path("schemas/kinds")

# Files, and folders with a slash at their end, that may name what is said here.
ALLOWED = {
    "crates/clinical/examples/glucose_metrics.rs": ("kind", "the metrics of the kind, for comparing them"),
    "crates/clinical/src/glucose/": ("kind", "the bands of the kind, which rules and metrics share"),
    "crates/clinical/src/metrics/": ("kind", "each metric is of a kind, by its definition"),
    "crates/clinical/src/rules/glucose_low/": ("rule", "what is lower is reported by another rule"),
    "crates/clinical/src/home_pressure/": ("rule and kind", "the means of the kind, which rules and metrics share; its parameters are called by the rule that had them first"),
    "crates/clinical/src/lib.rs": ("kind", "the list of modules, one of which is of a kind"),
    "crates/clinical/src/programmes.rs": ("rule and kind", "sets of parameters, which rules have and name after what they judge"),
    "crates/clinical/src/timeline/model.rs": ("kind", "a model for tests"),
    "deploy/prometheus/alerts.yml": ("rule", "alerts of one rule about many patients at once are about a sender"),
    "deploy/rule-sets/": ("rule", "numbers of rules"),
    "fuzz/src/targets/": ("rule and kind", "what is damaged"),
    "load-tests/src/": ("rule and kind", "loads are made of certain kinds, and some rules are a peer of all"),
    "schemas/avro/": ("rule and kind", "examples in docs that are published, and never change"),
    "services/dashboard/src/api/metrics.rs": ("kind", "the metrics of a kind are a path"),
    "services/dashboard/src/model/metrics.rs": ("kind", "the metrics of a kind as the API says them"),
    "services/dashboard/web/dev/": ("rule and kind", "made-up patients for working on the pages"),
    "services/dashboard/web/src/charts/blood-pressure.tsx": ("kind", "the chart of the kind"),
    "services/dashboard/web/src/charts/glucose.tsx": ("kind", "the chart of the kind"),
    "services/dashboard/web/src/charts/list.ts": ("kind", "the list of charts"),
    "services/dashboard/web/src/charts/weight.tsx": ("kind", "the chart of the kind"),
    "services/dashboard/web/src/language/words/summaries.ts": ("kind", "the words of the summaries of kinds"),
    "services/dashboard/web/src/summaries/": ("kind", "the summaries of kinds"),
    "services/dashboard/web/src/year/curves.ts": ("kind", "the list of charts of a year"),
    "services/dashboard/src/api/reports.rs": ("kind", "the outcome that the programme is measured by"),
    "services/dashboard/src/reports/trial.rs": ("kind", "the outcome that the programme is measured by"),
    "services/gateway/src/exchange/contract.rs": ("kind", "tests"),
    "services/gateway/src/exchange/properties.rs": ("kind", "tests"),
    "services/mimamori/src/report/": ("kind", "the outcome that the programme is measured by"),
    "services/simulator/scenarios/": ("rule and kind", "what happens to virtual patients, and the alerts that it ends in"),
    "services/simulator/src/": ("kind", "virtual patients, whose bodies tie kinds to each other"),
    "services/writer/src/rows/samples.rs": ("rule and kind", "rows for tests"),
    "tests/src/": ("rule and kind", "what tests send and expect"),
}

# Documents that are written of rules; the others may name kinds only.
DOCUMENTS = (
    "CONTRIBUTING.md",
    "docs/clinical-rules.md",
    "docs/decisions/",
    "docs/glossary.md",
    "docs/metrics.md",
    "docs/operations.md",
    "docs/vendors.md",
)

# Words of the names of kinds and fields that mean other things as well: code may say them. The others, such
# as glucose, stand for the kind or field also where they are a part of another name, and are looked for in
# code, beside its comments. Two that readers of code take for the kind stay here all the same: `weight` is a
# property of CSS and of what a fuzzer chooses, and `step` is one of anything.
ORDINARY_WORDS = {
    "active", "activity", "blood", "body", "calories", "checkup", "code", "comparator", "criteria", "distance",
    "duration", "exercise", "fat", "flow", "intensity", "irregular", "meal", "measurement", "method", "moderate",
    "peak", "physical", "position", "pulse", "rate", "scale", "step", "time", "timing", "total", "unit", "value",
    "walk", "weight",
}
CODE = {".rs", ".ts", ".tsx", ".css", ".mjs"}
COMMENT = re.compile(r"//.*$|^[ \t]*/?\*.*$|/\*.*?\*/", re.MULTILINE)

# Kinds whose name is a word of English: only a text of its own or a type's name means the kind.
WORDS_OF_ENGLISH = {"activity"}

TEST = re.compile(r"(^|/)tests?/(?!src/)|[/_.]tests?\.|engine_tests|\.test\.ts|/e2e/|^tests/browser/")
GENERATED = re.compile(
    r"generated|openapi\.json$|/published/|\.snap$|regressions|^fuzz/corpus/|\.lock$"
    r"|^schemas/(avro/(accepted_)?reading\.avsc$|clickhouse/|examples/)"
)
TEST_MODULE = re.compile(r"^#\[cfg\(test\)\]\n(?:#\[.*\n)*(?:pub(?:\(\w+\))? )?mod \w+ \{", re.M)


# A letter more makes another word; a plural and a compound, such as is_blood_pressure, do not.
BEFORE, BEHIND = "(?<![A-Za-z])", "s?(?![A-Za-z])"
BEHIND_CAPITALS = "s?(?![a-z])"


def patterns_of(words):
    """How code writes a name of several words: each way with what may not stand around it."""
    capitals = "".join(word.capitalize() for word in words)
    for text in ("_".join(words), "-".join(words), "_".join(words).upper()):
        yield BEFORE, text, BEHIND
    yield "", capitals, BEHIND_CAPITALS
    yield BEFORE, capitals[0].lower() + capitals[1:], BEHIND_CAPITALS


def names_of_rules():
    for folder in (folder for folder in RULES.iterdir() if folder.is_dir()):
        # bp_severe_high holds the rule bp.severe_high.
        yield BEFORE, folder.name.replace("_", ".", 1), BEHIND, folder
        for pattern in patterns_of(folder.name.split("_")):
            yield *pattern, folder


def names_of_stages():
    """The stages that one rule alone raises. Words are not looked at: they are for every stage."""
    raising = {}
    for file in RULES.glob("*/*.rs"):
        if file.stem not in ("wording", "tests"):
            for stage in re.findall(r"\bStage::(\w+)", file.read_text()):
                raising.setdefault(stage, set()).add(file.parent)
    for stage, folders in raising.items():
        if len(folders) == 1:
            yield "", f"Stage::{stage}", r"(?!\w)", RULES
            # In a page or a query: stage === 'missing'.
            yield r"(?i:stage)\W{1,8}", stage.lower(), r"(?!\w)", RULES


def names_of_kinds():
    for file in KINDS.glob("*.toml"):
        kind = file.stem
        if kind in WORDS_OF_ENGLISH:
            for text in (f'"{kind}"', f"'{kind}'"):
                yield "", text, "", file
            yield r"(?<!\w)", kind.capitalize(), r"(?!\w)", file
            continue
        for pattern in patterns_of(kind.split("_")):
            yield *pattern, file


def names_of_fields():
    for file in KINDS.glob("*.toml"):
        for field in tomllib.loads(file.read_text())["field"]:
            # A name of one word may mean anything; one that is also a kind's is looked for as that.
            if "_" in field["name"] and not (KINDS / f"{field['name']}.toml").exists():
                for pattern in patterns_of(field["name"].split("_")):
                    yield *pattern, file


def names_of_words():
    """Each word of the names of kinds and fields that means nothing else, however it is written."""
    for file in KINDS.glob("*.toml"):
        names = [file.stem, *(field["name"] for field in tomllib.loads(file.read_text())["field"])]
        for word in {word for name in names for word in name.split("_")} - ORDINARY_WORDS:
            for text in (word, word.capitalize(), word.upper()):
                yield "(?<![a-z])" if text == word else "", text, "(?![a-z])", file


class Names:
    """What finds names in a text, and where each is at home."""

    def __init__(self, names):
        # Longer names first: one may begin another.
        names = sorted(names, key=lambda name: -len(name[1]))
        self.homes = {text: home for _, text, _, home in names}
        self.pattern = re.compile("|".join(f"{before}({re.escape(text)}){behind}" for before, text, behind, _ in names))

    def found_in(self, text):
        """The line's number of each name in the text, the name, and its home."""
        # The pattern is slow: most lines have nothing that it could find.
        present = [name for name in self.homes if name in text]
        for number, line in enumerate(text.splitlines() if present else (), 1):
            if any(name in line for name in present):
                for match in self.pattern.finditer(line):
                    name = match[match.lastindex]
                    yield number, name, self.homes[name]


def main():
    # New files as well, before they are added.
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    files = [file for file in map(pathlib.Path, listed) if file.exists()]
    all_names = {
        "rule": Names(names_of_rules()),
        "stage": Names(names_of_stages()),
        "kind": Names(names_of_kinds()),
        "field": Names(names_of_fields()),
        "word": Names(names_of_words()),
    }
    found, used = [], set()
    for file in files:
        path = str(file)
        if TEST.search(path) or GENERATED.search(path) or path.startswith("deploy/check/") or file == RULES / "mod.rs":
            continue
        is_document = path.startswith("docs/") or file.suffix == ".md"
        if is_document and path.startswith(DOCUMENTS):
            continue
        try:
            text = file.read_text()
        except (UnicodeDecodeError, FileNotFoundError):
            continue
        if file.suffix == ".rs":
            text = TEST_MODULE.split(text, maxsplit=1)[0]
        for what, names in all_names.items():
            if is_document and what != "rule":
                continue
            if what == "word" and file.suffix not in CODE:
                continue
            looked_at = COMMENT.sub("", text) if what == "word" else text
            for number, name, home in names.found_in(looked_at):
                is_of_kinds = what != "rule" and (file.is_relative_to(RULES) or file.is_relative_to(KINDS))
                if file.is_relative_to(home) or is_of_kinds:
                    continue
                places = [place for place in ALLOWED if path == place or place[-1] == "/" and path.startswith(place)]
                # Whoever may name a kind may name its fields and words of both, and of a rule its stage.
                due = {"field": "kind", "word": "kind", "stage": "rule"}.get(what, what)
                allowing = [place for place in places if due in ALLOWED[place][0]]
                if allowing:
                    used.update((place, due) for place in allowing)
                else:
                    found.append(f"{path}:{number}: names the {what} {name}")
    for place, (whats, _) in ALLOWED.items():
        for what in whats.split(" and "):
            if (place, what) not in used:
                found.append(f"{place}: names no {what} any more; take it off the list")
    kinds = len(list(KINDS.glob("*.toml")))
    rules = len(set(all_names["rule"].homes.values()))
    if found:
        found.append("A file that may name it is put into ALLOWED in deploy/check/names.py, with the reason.")
    print("\n".join(found) or f"{rules} rules and {kinds} kinds are named only where they may be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
