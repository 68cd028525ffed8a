#!/usr/bin/env python3
"""Holds the crates to the rules of who may depend on whom, and finds dependencies nobody names.

The rules stand in docs/architecture.md; this says where each is broken and exits with 1.
"""

import json
import pathlib
import re
import subprocess
import sys

SERVICES = {"gateway", "processor", "writer", "dashboard", "notifier"}
# What demo and tests need and production must not contain, by whatever way.
DEVELOPMENT = {"simulator", "local-clickhouse"}
NOT_IN_PRODUCTION = DEVELOPMENT | {"mimamori-dev", "examples", "field-cases", "fuzz", "tests", "load-tests", "libloading"}
# Own crates that a crate may use; everything else of our own is forbidden to it.
ALLOWED = {
    "clinical": set(),
    "schemas": {"clinical"},
    "generator": set(),
    "examples": {"clinical", "schemas"},
    "field-cases": {"clinical", "schemas"},
    "stream": {"chassis"},
    "chassis": set(),
    "store": {"chassis"},
    **{service: {"clinical", "schemas", "stream", "store", "chassis"} for service in SERVICES},
    "simulator": {"clinical", "schemas", "stream", "chassis"},
    "local-clickhouse": {"chassis"},
    "mimamori": {"clinical", "schemas", "stream", "chassis"} | SERVICES,
    "mimamori-dev": {"clinical", "schemas", "stream", "chassis", "mimamori"} | SERVICES | DEVELOPMENT,
}
# Only these crates may name these libraries. Tests and load tests speak Kafka and SQL themselves.
ONLY = {
    "rdkafka": {"stream", "tests", "load-tests"},
    "clickhouse": {"store", "writer", "dashboard", "gateway", "tests", "load-tests"},
    "store": {"writer", "dashboard", "gateway"},
}
# In these crates only files below these folders may name these libraries: the intake must not wait for
# the store.
ONLY_BELOW = {("gateway", "clickhouse"): "src/receipts/"}
# What would make the pure crate impure.
IMPURE = {"tokio", "rdkafka", "rand", "reqwest", "chrono", "stream", "chassis", "clap", "tracing"}
IMPURE_WORDS = re.compile(r"std::(env|fs|net|time|process|thread)\b|SystemTime|Instant::now")
# In the pure crate only these stand on the rules; what rules stand on must not name them, or the two are one.
ON_RULES = ("rules/", "monitor.rs", "monitor/", "metrics/tests/", "preview.rs", "home/")
NAMES_RULES = re.compile(r"^(?!\s*//).*\bcrate::rules\b", re.MULTILINE)
SQL_IN_HANDLERS = re.compile(r"\b(SELECT|INSERT INTO)\b")


def metadata():
    command = ["cargo", "metadata", "--format-version=1", "--no-deps", "--locked"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def production_tree():
    """Names of everything that is built into the binary that production ships."""
    command = ["cargo", "tree", "--locked", "--package=mimamori", "--edges=normal,build",
               "--prefix=none", "--format={p}"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return {line.split()[0] for line in done.stdout.splitlines() if line.strip()}


def sources(package):
    root = pathlib.Path(package["manifest_path"]).parent
    for path in root.rglob("*.rs"):
        if not {"target", "node_modules"} & set(path.parts):
            yield path


def main():
    broken = []
    packages = metadata()["packages"]
    own = {package["name"] for package in packages}
    for package in packages:
        name = package["name"]
        normal = {d["name"] for d in package["dependencies"] if d["kind"] != "dev"}
        every = {d["name"] for d in package["dependencies"]}
        if name in ALLOWED:
            for used in sorted((normal & own) - ALLOWED[name]):
                broken.append(f"{name} must not depend on {used}")
        for library, users in ONLY.items():
            if library in normal and name not in users:
                broken.append(f"{name} must not name {library}; only {', '.join(sorted(users))} may")
        files = {path: path.read_text(encoding="utf-8") for path in sources(package)}
        text = "\n".join(files.values())
        for used in sorted(every):
            renamed = {d["rename"] for d in package["dependencies"] if d["name"] == used}
            crate = (next(iter(renamed)) or used).replace("-", "_")
            if not re.search(rf"\b{re.escape(crate)}\b", text):
                broken.append(f"{name} declares {used} and never names it")
        for (crate, library), folder in ONLY_BELOW.items():
            for path, content in files.items() if crate == name else ():
                if f"/{folder}" not in path.as_posix() and re.search(rf"\b{library}::", content):
                    broken.append(f"{path}: only {folder} may name {library}")
        if name == "clinical":
            for used in sorted(normal & IMPURE):
                broken.append(f"clinical must stay pure and cannot use {used}")
            for path, content in files.items():
                for found in IMPURE_WORDS.finditer(content):
                    broken.append(f"{path}: clinical must stay pure, not name {found.group(0)}")
                _, _, place = path.as_posix().partition("/clinical/src/")
                used = content.split("#[cfg(test)]\nmod ")[0]
                if place and not place.startswith(ON_RULES) and NAMES_RULES.search(used):
                    broken.append(f"{path}: rules stand on it, so it must not name crate::rules")
        if name == "dashboard":
            for path, content in files.items():
                if "/api/" in path.as_posix() and SQL_IN_HANDLERS.search(content):
                    broken.append(f"{path}: handlers hold no SQL; it belongs into queries/")
    for name in sorted(production_tree() & NOT_IN_PRODUCTION):
        broken.append(f"mimamori must not contain {name}: production has no use for it "
                      f"(`cargo tree -p mimamori -i {name}` says how it came in)")
    for line in broken:
        print(f"dependency rules: {line}", file=sys.stderr)
    if broken:
        return 1
    print(f"dependency rules hold for {len(packages)} crates")
    return 0


if __name__ == "__main__":
    sys.exit(main())
