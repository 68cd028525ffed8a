#!/usr/bin/env python3
"""Holds the alarms of deploy/prometheus to what there is, and tests them with promtool.

Every metric and every value of a label that alarms, their tests or the board name is in the code.
Every alarm says what to do and links to its section of docs/operations.md, which says the same
severity; tests let it ring, and be silent. Says what is wrong and exits with 1.
"""

import json
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path("deploy/prometheus")
ALERTS = FOLDER / "alerts.yml"
TESTS = sorted((FOLDER / "tests").glob("*.yml"))
BOARD = pathlib.Path("deploy/grafana/pipeline.json")
PAGE = pathlib.Path("docs/operations.md")
PROMTOOL = pathlib.Path(".local/prometheus/promtool")

# One service, or several in brackets where the name is a pattern.
METRIC = re.compile(r"\bmimamori_(?:\(([a-z|]+)\)|([a-z]+))_([a-z_]+)")
LABEL = re.compile(r'\b(\w+)(?:=|!=|=~|!~)"([^"]*)"')
# Labels that the code does not write as a text.
OTHER_LABELS = {"__name__", "job", "instance", "le", "status"}


def sources_of(service):
    """What the service's metrics are made of: its own code, and that of all."""
    folders = [pathlib.Path("services", service, "src"), *pathlib.Path("crates").glob("*/src"), pathlib.Path("schemas/src")]
    return "".join(file.read_text() for folder in folders for file in sorted(folder.rglob("*.rs")))


def expressions():
    """Each file that names metrics, with a text of it; of the tests only the metrics' names count."""
    alerts = ALERTS.read_text()
    yield ALERTS, "\n".join(re.findall(r"^ +expr: (.*)", alerts, re.MULTILINE)), True
    panels = json.loads(BOARD.read_text())["panels"]
    yield BOARD, "\n".join(target["expr"] for panel in panels for target in panel.get("targets", [])), True
    for file in TESTS:
        yield file, file.read_text(), False


def not_in_the_code():
    sources = {}
    for file, text, has_labels in expressions():
        services = set()
        for several, one, name in METRIC.findall(text):
            for service in (several or one).split("|"):
                services.add(service)
                source = sources.setdefault(service, sources_of(service))
                of_histogram = re.sub(r"_(bucket|sum|count)$", "", name)
                if f'"{name}"' not in source and f'"{of_histogram}"' not in source:
                    yield f"{file}: no metric is named mimamori_{service}_{name}"
        for label, values in LABEL.findall(text) if has_labels else ():
            for value in values.split("|") if label not in OTHER_LABELS else ():
                if not any(f'"{value}"' in sources[service] for service in services):
                    yield f"{file}: no service says {label}={value}"


def not_described_or_tested():
    page = PAGE.read_text().split("\n## Alarms\n")[1].split("\n## ")[0]
    sections = dict(re.findall(r"^### (\w+)\n\n(.*?)$", page, re.MULTILINE))
    rings, silent = set(), set()
    for test in "".join(file.read_text() for file in TESTS).split("eval_time:")[1:]:
        (name,) = re.findall(r"alertname: Mimamori(\w+)", test)
        (rings if "exp_labels:" in test else silent).add(name)
    names = []
    for rule in ALERTS.read_text().split("- alert: Mimamori")[1:]:
        name = rule.split()[0]
        names.append(name)
        severity = re.search(r"severity: (\w+)", rule)[1]
        for key in ("summary", "description"):
            if f" {key}: " not in rule:
                yield f"{ALERTS}: {name} has no {key}"
        if f"runbook_url: {PAGE}#{name.lower()}\n" not in rule:
            yield f"{ALERTS}: {name} does not link to {PAGE}#{name.lower()}"
        if name not in sections:
            yield f"{PAGE}: no section under Alarms is named {name}"
        elif not sections[name].startswith(f"*{severity.capitalize()}*"):
            yield f"{PAGE}: the section {name} does not begin with *{severity.capitalize()}*"
        if name not in rings:
            yield f"{FOLDER}/tests: no test lets {name} ring"
        if name not in silent:
            yield f"{FOLDER}/tests: no test holds {name} to being silent"
    for name in (sections.keys() | rings | silent) - set(names):
        yield f"{ALERTS}: there is no alarm {name}; take it off {PAGE} or the tests"


def said_by_promtool():
    if not PROMTOOL.exists():
        yield f"there is no {PROMTOOL}; run deploy/local/setup.sh --with-promtool"
        return
    # The configuration names the alarms, so they are checked with it.
    config = FOLDER / "prometheus.yml"
    for arguments in (["check", "config", config], ["test", "rules", *TESTS]):
        done = subprocess.run([PROMTOOL, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            yield f"promtool {arguments[0]} {arguments[1]}:\n{done.stdout}{done.stderr}"


def main():
    wrong = [*dict.fromkeys(not_in_the_code()), *not_described_or_tested(), *said_by_promtool()]
    alarms = ALERTS.read_text().count("- alert: ")
    print("\n".join(wrong) or f"{alarms} alarms name what there is, say what to do, and ring when they must")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
