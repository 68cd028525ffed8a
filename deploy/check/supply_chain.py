#!/usr/bin/env python3
"""Holds what is built in to deny.toml: licences, banned crates, doubled crates, sources, advisories.

With cargo-deny on the PATH it does all of it. Without it, licences, bans, doubles and sources are
checked here from `cargo metadata`, and what is left out is said: known vulnerabilities, whose
database is fetched from GitHub, and licence texts, of which only the declared names are read.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict

NO_DATABASE = "failed to fetch advisory database"


def deny():
    """Runs cargo-deny. Advisories are left out, and said to be, where GitHub is not to be reached."""
    checked = subprocess.run(["cargo", "deny", "--locked", "check", "bans", "licenses", "sources"])
    if checked.returncode:
        return checked.returncode
    advisories = subprocess.run(
        ["cargo", "deny", "--locked", "check", "advisories"], capture_output=True, text=True
    )
    if advisories.returncode and NO_DATABASE in advisories.stderr:
        print("supply chain: the advisory database cannot be fetched; known vulnerabilities were "
              "not looked for")
        return 0
    sys.stderr.write(advisories.stderr)
    return advisories.returncode


def is_allowed(expression, allowed):
    """Whether a licence expression (SPDX) can be satisfied with the licences allowed."""
    tokens = re.findall(r"\(|\)|[^\s()]+", expression.replace("/", " OR "))

    def either():
        good = both()
        while tokens and tokens[0] == "OR":
            tokens.pop(0)
            good = both() or good
        return good

    def both():
        good = one()
        while tokens and tokens[0] == "AND":
            tokens.pop(0)
            good = one() and good
        return good

    def one():
        token = tokens.pop(0)
        if token == "(":
            good = either()
            tokens.pop(0)
            return good
        if tokens and tokens[0] == "WITH":
            tokens.pop(0)
            token += f" WITH {tokens.pop(0)}"
        return token in allowed

    return either()


def tree(target, *options):
    """What `cargo tree` lists for a target: names and versions."""
    command = ["cargo", "tree", "--workspace", "--locked", "--all-features", f"--target={target}",
               "--prefix=none", "--format={p}", *options]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return {tuple(line.split()[:2]) for line in listed.splitlines()}


def packages(targets):
    found = {}
    for target in targets:
        command = ["cargo", "metadata", "--format-version=1", "--locked", "--all-features",
                   f"--filter-platform={target}"]
        done = subprocess.run(command, check=True, capture_output=True)
        # `metadata` lists optional dependencies of dependencies that no feature asks for, too.
        built = tree(target)
        found.update({p["id"]: p for p in json.loads(done.stdout)["packages"]
                      if (p["name"], f"v{p['version']}") in built})
    return list(found.values())


def dependents(name, targets):
    """Who depends on a crate."""
    found = set().union(*(tree(target, f"--invert={name}", "--depth=1") for target in targets))
    return {dependent for dependent, _ in found} - {name.partition("@")[0]}


def broken_rules(rules, all_packages):
    allowed = set(rules["licenses"]["allow"])
    banned = {ban["crate"]: ban for ban in rules["bans"]["deny"]}
    registries = {f"registry+{url}" for url in rules["sources"]["allow-registry"]}
    skipped = {skip["crate"] for skip in rules["bans"]["skip"]}
    versions = defaultdict(set)
    for package in all_packages:
        name = f"{package['name']}@{package['version']}"
        versions[package["name"]].add(name)
        licence = package["license"]
        if not licence:
            yield f"{name} declares no licence"
        elif not is_allowed(licence, allowed):
            yield f"{name} is licensed {licence}, which deny.toml does not allow"
        if ban := banned.get(package["name"]):
            others = dependents(name, rules["graph"]["targets"]) - set(ban.get("wrappers", []))
            if others:
                yield f"{name} is banned: {ban['reason']}; {', '.join(sorted(others))} may not use it"
        if package["source"] is not None and package["source"] not in registries:
            yield f"{name} comes from {package['source']}, which deny.toml does not allow"
    for name, found in sorted(versions.items()):
        left = sorted(found - skipped)
        if len(left) > 1:
            yield f"{name} is built in {len(found)} versions: {', '.join(left)}; make them one, " \
                  "or say in deny.toml whose they are"
    for skip in sorted(skipped):
        name = skip.partition("@")[0]
        if skip not in versions[name] or len(versions[name]) < 2:
            yield f"deny.toml skips {skip}, which is not doubled any more"


def main():
    if shutil.which("cargo-deny"):
        return deny()
    with open("deny.toml", "rb") as file:
        rules = tomllib.load(file)
    all_packages = packages(rules["graph"]["targets"])
    broken = list(broken_rules(rules, all_packages))
    for line in broken:
        print(f"supply chain: {line}", file=sys.stderr)
    if broken:
        return 1
    print(f"licences, bans, doubles and sources of {len(all_packages)} crates hold; cargo-deny is "
          "not installed: known vulnerabilities and licence texts were left out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
