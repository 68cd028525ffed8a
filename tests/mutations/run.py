#!/usr/bin/env python3
"""Makes the faults of mutations.toml, one at a time, and holds that the test named notices each.

    run.py --verify        every fault can still be made: its text stands once in its file, and its
                           test is there
    run.py [NAME …]        makes those whose name holds NAME, or all, in a copy under .local/
    run.py --part 1/2 …    makes the first of each two of them, in a copy of its own

First every test has to pass without any fault, so that nothing is built twice for one fault. A fault
is noticed when its test fails, and says what it has to say where the fault names that. One that is
not noticed, or does not compile, a test that takes too long, or that fails without the fault, ends
with 1.
"""

import argparse
import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LONGEST_SECONDS = 600
# Targets with a main of their own: they take one filter.
ONE_AT_A_TIME = {("tests", "black_box"), ("tests", "torture")}
KEYS = {"name", "invariant", "file", "from", "to", "test"}
FURTHER_KEYS = {"says", "environment"}
DECLARED = re.compile(r"\b(?:fn|mod) +(\w+)")


def mutations():
    return tomllib.loads((HERE / "mutations.toml").read_text())["mutation"]


@functools.cache
def declared():
    """The names of all functions and modules."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.rs"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    files = [file for name in listed.split("\0") if name and (file := ROOT / name).is_file()]
    return {name for file in files for name in DECLARED.findall(file.read_text())}


def has_test(name):
    """Whether there are such modules and such a test: a part of a name will do, as with cargo. No
    name stands for all tests of the target."""
    parts = filter(None, name.split("::"))
    return all(any(part in known for known in declared()) for part in parts)


def wrong(mutation):
    if KEYS - mutation.keys() or mutation.keys() - KEYS - FURTHER_KEYS:
        return f"its keys are not {sorted(KEYS)} and some of {sorted(FURTHER_KEYS)}"
    if not has_test(mutation["test"][2]):
        return f"no test is named {mutation['test'][2]}"
    found = (ROOT / mutation["file"]).read_text().count(mutation["from"])
    return None if found == 1 else f"its text stands {found} times in {mutation['file']}"


class Copy:
    """A copy of the checkout, in which faults are made."""

    def __init__(self, name):
        self.root = ROOT / ".local" / name
        self.state = self.root / ".local"

    def make(self):
        """The files that git knows of, as they are now; what was fetched and built is shared or kept."""
        tracked = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, check=True, capture_output=True, text=True,
        ).stdout.split("\0")
        for name in filter(None, tracked):
            source, target = ROOT / name, self.root / name
            if not source.is_file():
                target.unlink(missing_ok=True)
                continue
            if target.is_file() and target.read_bytes() == source.read_bytes():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        # The copy keeps its own state, so that what its tests leave behind is found and removed.
        if self.state.is_symlink():
            self.state.unlink()
        shared = [f".local/{name}" for name in ("kafka", "clickhouse", "python-venv")]
        for name in [*shared, "services/dashboard/web/dist"]:
            link = self.root / name
            if not link.is_symlink():
                link.parent.mkdir(parents=True, exist_ok=True)
                link.symlink_to(ROOT / name)
        self.forget_state()

    def forget_state(self):
        for folder in self.state.glob("test-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def cargo(self, *arguments, environment=None, seconds=LONGEST_SECONDS):
        """The exit code and what was said; no code when it took too long."""
        # In a session of its own: the tests and what they start end with it.
        running = subprocess.Popen(
            ["cargo", *arguments], cwd=self.root, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
            env=os.environ | (environment or {}),
        )
        try:
            said, _ = running.communicate(timeout=seconds)
            return running.returncode, said
        except subprocess.TimeoutExpired:
            return None, f"it took more than {seconds} s"
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGKILL)
                running.communicate()

    def run_tests(self, crate, target, names, environment):
        """The exit code of the tests, none when they took too long, and what they said."""
        if crate == "tests":
            code, said = self.cargo("build", "--locked", "-p", "mimamori", "-p", "mimamori-dev")
            if code != 0:
                sys.exit(f"this does not compile:\n{said[-3000:]}")
        which = ["--lib"] if target == "lib" else ["--test", target]
        code, said = self.cargo(
            "test", "--locked", "-p", crate, *which, "--", *names,
            environment=environment, seconds=LONGEST_SECONDS * len(names),
        )
        self.forget_state()
        if "could not compile" in said:
            sys.exit(f"this does not compile:\n{said[-3000:]}")
        return code, said

    def run_test_of(self, mutation):
        crate, target, name = mutation["test"]
        return self.run_tests(crate, target, [name], mutation.get("environment"))


def groups(chosen):
    """The tests of the faults, each once: those together that one command can run."""
    tests = {}
    for mutation in chosen:
        (crate, target, name), environment = mutation["test"], mutation.get("environment", {})
        # No name stands for all tests, beside which no other filter may stand.
        is_alone = not name or (crate, target) in ONE_AT_A_TIME
        key = (crate, target, name if is_alone else None, tuple(environment.items()))
        tests.setdefault(key, set()).add(name)
    return tests


def hold_without_faults(copy, chosen):
    """Ends everything where a test fails, or there is none of its name."""
    for (crate, target, _, environment), names in groups(chosen).items():
        names = sorted(names)
        code, said = copy.run_tests(crate, target, names, dict(environment))
        if code != 0:
            sys.exit(f"without any fault, {crate} {target} {' '.join(names)} fails:\n{said[-3000:]}")
        for name in filter(None, names):
            if not re.search(rf"test \S*{re.escape(name)}", said):
                sys.exit(f"no test of {crate} {target} is named {name}")
        print(f"without any fault, {len(names)} of {crate} {target} pass", flush=True)


def judged(mutation, code, said):
    """Why the fault counts as not noticed; none when it was."""
    due = mutation.get("says")
    if code is None:
        return said
    if code == 0:
        return "the test passes"
    if due is not None and due not in said:
        return f"the test fails without saying {due!r}:\n{said[-3000:]}"
    return None


def part(text):
    which, parts = map(int, text.split("/"))
    if not 1 <= which <= parts:
        raise ValueError
    return which, parts


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--verify", action="store_true")
    arguments.add_argument("--part", type=part, metavar="K/N")
    arguments.add_argument("names", nargs="*", metavar="NAME")
    given = arguments.parse_args()
    chosen = [m for m in mutations() if not given.names or any(n in m["name"] for n in given.names)]
    copy = Copy("mutations")
    if given.part:
        which, parts = given.part
        chosen = chosen[which - 1 :: parts]
        copy = Copy(f"mutations-{which}")
    broken = [f"{m['name']}: {why}" for m in chosen if (why := wrong(m))]
    if broken or given.verify:
        print("\n".join(broken) or f"{len(chosen)} faults can be made")
        return 1 if broken else 0

    copy.make()
    hold_without_faults(copy, chosen)
    unnoticed = []
    for mutation in chosen:
        test = mutation["test"]
        file = copy.root / mutation["file"]
        whole = file.read_text()
        file.write_text(whole.replace(mutation["from"], mutation["to"]))
        begun = time.monotonic()
        try:
            why = judged(mutation, *copy.run_test_of(mutation))
        finally:
            file.write_text(whole)
        seconds = time.monotonic() - begun
        verdict = f"NOT NOTICED by {test[0]} {test[2] or test[1]}: {why}" if why else (
            f"noticed by {test[0]} {test[2] or test[1]}")
        print(f"{mutation['invariant']:>2}  {mutation['name']}: {verdict} ({seconds:.0f} s)",
              flush=True)
        if why:
            unnoticed.append(mutation["name"])
    print(f"{len(chosen) - len(unnoticed)} of {len(chosen)} faults were noticed")
    return 1 if unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
