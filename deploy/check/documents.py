#!/usr/bin/env python3
"""Holds the documents to what is there: files, folders, tests and metrics that they name exist, and
the clinical rules are described as they are, with every number that they work with.

A name in backticks is a metric's when it begins with mimamori_, a test's when it has four
underscores or more, and a file's when it begins with a folder of the checkout and has a slash. Each
rule has a section in docs/clinical-rules.md that names its parameters with their ranges, and the page
names the rule set; so do the tables that `make burden` keeps there. A number that a rule works with is a parameter, or among the fixed numbers that plans
show, whose table a test holds to the page. Says what is missing and exits with 1.
"""

import pathlib
import re
import subprocess
import sys

TEST = re.compile(r"`([a-z0-9]+(?:_[a-z0-9]+){4,})`")
METRIC = re.compile(r"`mimamori_[a-z]+_([a-z_]+)")
PATH = re.compile(r"`([\w.-]+/[\w./-]+)`")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")
FUNCTION = re.compile(r"\bfn ([a-z0-9_]+)")

RULES = pathlib.Path("crates/clinical/src/rules")
RULES_PAGE = pathlib.Path("docs/clinical-rules.md")
RULE_SET = re.compile(r'RULE_SET: &str = "([^"]+)"')
BURDEN = re.compile(r"^<!-- printed by make burden -->\nRule set `([^`]+)`, seed ", re.MULTILINE)
PARAMETER = re.compile(r'name: "([a-z0-9._]+)",.*?\blow: ([\d.]+),\s+high: ([\d.]+),', re.DOTALL)
NUMBER = re.compile(
    r"^(?:pub(?:\(\w+\))? )?const ([A-Z_]+): (?:Span|[fiu]\d+|usize|Weight|Percent|Pressure|\[i8; 3\]|\(f64, f64\)) =",
    re.MULTILINE,
)
FIXED = re.compile(r"&\[Fixed\] = &\[(.*?)\];\n", re.DOTALL)

# Numbers that say nothing of medicine, and why.
NO_FIXED_NUMBERS = {
    "ENDS_WITHIN": "how far to look, made of others",
    "FINGER_STICK": "the place of a code",
    "JUDGED_WITHIN": "how far to look, made of others",
    "LONGEST_DAY": "a day where clocks go back",
    "LOOKBACK": "how far to look",
    "MILLIMOLE": "a unit's definition",
    "MOST_DAYS": "more than there are",
    "MOST_EVIDENCE": "how many readings an alert names",
    "NEAR": "how far to look",
    "NEW_CRISIS_AFTER": "made of others",
    "NOT_LOW": "beyond every limit",
    "OF_TWO_HOURS": "how many readings to make room for",
    "POUNDS": "a unit's definition",
    "SURELY_TO_COME": "made of others",
}


def numbers_not_said():
    """Numbers of rules that no plan shows: neither a parameter nor among the fixed ones."""
    said = "".join(
        re.sub(r'"[^"]*"', "", listed)
        for file in RULES.parent.rglob("*.rs")
        for listed in FIXED.findall(file.read_text())
    )
    for file in sorted(RULES.rglob("*.rs")):
        if "tests" in file.stem or "tests" in file.parts or file.stem == "sent":
            continue
        for number in NUMBER.findall(file.read_text()):
            if number not in NO_FIXED_NUMBERS and not re.search(rf"\b{number}\b", said):
                yield f"{file}: {number} is among no fixed numbers, with its source"


def rules_not_described():
    """What the page of the clinical rules does not say of them."""
    page = RULES_PAGE.read_text()
    (rule_set,) = RULE_SET.findall((RULES.parent / "built_in.rs").read_text())
    if f"one versioned rule set, named `{rule_set}`" not in page:
        yield f"{RULES_PAGE}: does not name the rule set {rule_set}"
    if (of := BURDEN.findall(page)) != [rule_set]:
        of = " and ".join(of) or "no rule set that is named"
        yield f"{RULES_PAGE}: the alert burden is of {of}, not of {rule_set}: run make burden"
    sections = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE))
    folders = sorted(path for path in RULES.iterdir() if path.is_dir())
    rules = {folder.name.replace("_", ".", 1): folder for folder in folders}
    for name in sections:
        if re.fullmatch(r"[a-z]+\.[a-z_]+", name) and name not in rules:
            yield f"{RULES_PAGE}: there is no rule {name}"
    for rule, folder in rules.items():
        if rule not in sections:
            yield f"{RULES_PAGE}: no section is named {rule}"
            continue
        if f"`{rule}`" not in page.split("\n## ")[0]:
            yield f"{RULES_PAGE}: {rule} is not in the list of the rules"
        limits = folder / "limits.rs"
        numbers = PARAMETER.findall(limits.read_text()) if limits.exists() else []
        for name, low, high in numbers:
            of_name = [line for line in sections[rule].splitlines() if f"`{name}`" in line]
            limits = f"{float(low):g}–{float(high):g}"
            if not any(limits in line for line in of_name):
                yield f"{RULES_PAGE}: {rule} does not say that {name} is {limits}"


def main():
    # New files as well, before they are added.
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    files = [file for file in map(pathlib.Path, listed) if file.exists()]
    folders = {file.parts[0] for file in files if len(file.parts) > 1}
    functions, sources = set(), ""
    for file in files:
        if file.suffix == ".rs" and file.exists():
            source = file.read_text()
            sources += source
            functions.update(FUNCTION.findall(source))
    missing = [*rules_not_described(), *numbers_not_said()]
    for document in (file for file in files if file.suffix == ".md" and file.exists()):
        text = document.read_text()
        for name in TEST.findall(text):
            if name not in functions and not name.startswith("mimamori_"):
                missing.append(f"{document}: no test is named {name}")
        for name in METRIC.findall(text):
            if name.removesuffix("_total") not in sources:
                missing.append(f"{document}: no metric is named {name}")
        for name in PATH.findall(text):
            is_own = name.split("/")[0] in folders and not name.endswith("/.env")
            if is_own and not pathlib.Path(name).exists():
                missing.append(f"{document}: there is no {name}")
        for target in LINK.findall(text):
            if not (document.parent / target).exists():
                missing.append(f"{document}: its link leads nowhere: {target}")
    print("\n".join(sorted(missing)) or "the documents name what is there")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
