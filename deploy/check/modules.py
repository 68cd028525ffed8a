#!/usr/bin/env python3
"""Holds every Rust file to a program that compiles it: one that no `mod` names is never compiled, and
its tests never run. Cargo finds each file of a folder `tests` by itself, but not where a package's
integration tests are one program (`autotests = false`): there, `tests/main.rs` names them. Exits with 1."""

import pathlib
import re
import subprocess
import sys
import tomllib

MODULE = re.compile(
    r'(?:#\[path = "(?P<path>[^"]+)"\]\s*(?:#\[[^\]]*\]\s*)*)?'
    r"^\s*(?:pub(?:\([^)]*\))? )?mod (?P<name>\w+);",
    re.MULTILINE,
)
INCLUDED = re.compile(r'include!\(\s*"([^"]+)"')
# Folders of programs that cargo finds by itself, and the setting that keeps it from that.
FOUND = {
    "src/bin": "autobins",
    "tests": "autotests",
    "benches": "autobenches",
    "examples": "autoexamples",
}


def roots(manifest):
    """The files that each are the first of a program of a package."""
    folder = manifest.parent
    declared = tomllib.loads(manifest.read_text())
    package = declared.get("package", {})
    programs = [declared.get("lib", {})]
    for kind in ("bin", "test", "bench", "example"):
        programs += declared.get(kind, [])
    yield from (folder / program["path"] for program in programs if "path" in program)
    yield from (folder / name for name in ("src/lib.rs", "src/main.rs", "build.rs"))
    for below, setting in FOUND.items():
        if package.get(setting, True):
            yield from (folder / below).glob("*.rs")
            yield from (folder / below).glob("*/main.rs")


def named_by(file, is_root):
    """The files that a file names as its modules, or takes in as they are."""
    source = file.read_text()
    yield from (file.parent / name for name in INCLUDED.findall(source))
    inside = file.parent if is_root or file.name == "mod.rs" else file.with_suffix("")
    for module in MODULE.finditer(source):
        if module["path"]:
            yield file.parent / module["path"]
        else:
            yield inside / f"{module['name']}.rs"
            yield inside / module["name"] / "mod.rs"


def main():
    # New files as well, before they are added.
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    files = {path.resolve() for path in map(pathlib.Path, listed) if path.is_file()}
    manifests = [file for file in files if file.name == "Cargo.toml"]
    first = {file.resolve() for manifest in manifests for file in roots(manifest)} & files
    compiled, next_ones = set(), set(first)
    while next_ones:
        file = next_ones.pop()
        compiled.add(file)
        named = {found.resolve() for found in named_by(file, file in first)}
        next_ones |= (named & files) - compiled
    left = sorted(file for file in files - compiled if file.suffix == ".rs")
    here = pathlib.Path.cwd()
    lines = [f"{file.relative_to(here)}: no `mod` names it, so that nothing compiles it" for file in left]
    print("\n".join(lines) or f"{len(compiled)} files of Rust are each a part of a program")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
