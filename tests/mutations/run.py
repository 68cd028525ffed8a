#!/usr/bin/env python3
"""Makes the faults of mutations.toml, one at a time, and holds that the test named notices each.

    run.py --verify        every fault can still be made: its text stands once in its file
    run.py [NAME …]        makes those whose name holds NAME, or all, in a copy under .local/

A fault that is not noticed, or does not compile, or a test that fails without it, ends with 1.
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
COPY = ROOT / ".local" / "mutations"
LONGEST_SECONDS = 600


def mutations():
    return tomllib.loads((HERE / "mutations.toml").read_text())["mutation"]


def wrong(mutation):
    found = (ROOT / mutation["file"]).read_text().count(mutation["from"])
    return None if found == 1 else f"its text stands {found} times in {mutation['file']}"


def make_copy():
    """The files that git knows of, as they are now; what was fetched and built is shared or kept."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout.split("\0")
    for name in filter(None, tracked):
        source, target = ROOT / name, COPY / name
        if not source.is_file():
            continue
        if target.is_file() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    links = {".local": ROOT / ".local", "services/dashboard/web/dist": None}
    links["services/dashboard/web/dist"] = ROOT / "services/dashboard/web/dist"
    for name, source in links.items():
        link = COPY / name
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(source)


def cargo(*arguments):
    try:
        done = subprocess.run(
            ["cargo", *arguments, "--locked"] if "--" not in arguments else with_locked(arguments),
            cwd=COPY, capture_output=True, text=True, timeout=LONGEST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None, "it took too long"
    return done.returncode, done.stdout + done.stderr


def with_locked(arguments):
    at = arguments.index("--")
    return ["cargo", *arguments[:at], "--locked", *arguments[at:]]


def run_test(test):
    """Whether the test passes; an error where it could not be run."""
    crate, target, name = test
    if crate == "tests":
        code, said = cargo("build", "-p", "mimamori")
        if code != 0:
            sys.exit(f"this does not compile:\n{said[-3000:]}")
    which = ["--lib"] if target == "lib" else ["--test", target]
    code, said = cargo("test", "-p", crate, *which, "--", name)
    if "could not compile" in said:
        sys.exit(f"this does not compile:\n{said[-3000:]}")
    if code == 0 and " 0 passed" in said:
        sys.exit(f"no test of {crate} {target} is named {name}")
    return code == 0


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--verify", action="store_true")
    arguments.add_argument("names", nargs="*", metavar="NAME")
    given = arguments.parse_args()
    chosen = [m for m in mutations() if not given.names or any(n in m["name"] for n in given.names)]
    broken = [f"{m['name']}: {why}" for m in chosen if (why := wrong(m))]
    if broken or given.verify:
        print("\n".join(broken) or f"{len(chosen)} faults can be made")
        return 1 if broken else 0

    make_copy()
    unnoticed = []
    passed = set()
    for mutation in chosen:
        test = tuple(mutation["test"])
        if test not in passed:
            if not run_test(test):
                sys.exit(f"without any fault, {' '.join(test)} fails")
            passed.add(test)
        file = COPY / mutation["file"]
        whole = file.read_text()
        file.write_text(whole.replace(mutation["from"], mutation["to"]))
        begun = time.monotonic()
        try:
            noticed = not run_test(test)
        finally:
            file.write_text(whole)
        seconds = time.monotonic() - begun
        verdict = "noticed" if noticed else "NOT NOTICED"
        print(f"{mutation['invariant']:>2}  {mutation['name']}: {verdict} by {test[0]} "
              f"{test[2] or test[1]} ({seconds:.0f} s)", flush=True)
        if not noticed:
            unnoticed.append(mutation["name"])
    print(f"{len(chosen) - len(unnoticed)} of {len(chosen)} faults were noticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
