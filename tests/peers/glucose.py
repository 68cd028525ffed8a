#!/usr/bin/env python3
"""Compares our metrics of sensor glucose with an implementation that nobody here wrote: iglu_python.

`make metrics-peer` runs it. MIMAMORI_CGM_FILE names a file of exchange documents, one a line, with real
recordings; without it made-up traces are compared. Exits with 1 where a number differs by more than its
definition explains. docs/metrics.md says what each difference is.
"""

import json
import math
import os
import pathlib
import random
import subprocess
import sys
import warnings

warnings.filterwarnings("ignore")

import iglu_python as iglu  # noqa: E402
import pandas  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Equal to four decimals.
EXACT = 0.00005
# Of one definition with other digits in a constant: 22.77 there, 10 · 1.509² here.
CONSTANT = 0.0001
# Median errors of implementations are 1 % to 78 %.
AMPLITUDE = 0.02


def from_documents(path):
    """Times in order, as civil time, and values of each person."""
    people = {}
    for line in pathlib.Path(path).read_text().splitlines():
        for person in json.loads(line)["person_information"]:
            trace = people.setdefault(person["person_id"], {})
            for reading in person["healthcare_information"]["blood_glucose"]:
                if reading["glucose_method_code"] == "1":
                    time = pandas.to_datetime(reading["observation_time"], format="%Y%m%d%H%M%S")
                    trace[time] = float(reading["glucose_value"])
    return {person: sorted(trace.items()) for person, trace in people.items()}


def made_up():
    """Days of meals and nights with noise, gaps and jitter; from few to many lows."""
    people = {}
    for number, (base, rise) in enumerate([(95, 60), (120, 90), (150, 130), (75, 70)]):
        chance = random.Random(number)
        time, noise, trace = pandas.Timestamp("2026-06-01 00:02:11"), 0.0, []
        while time < pandas.Timestamp("2026-06-15"):
            hour = time.hour + time.minute / 60
            meals = sum(math.exp(-(((hour - meal) / 1.2) ** 2)) for meal in (8.5, 13.5, 20))
            noise = 0.95 * noise + chance.gauss(0, 4)
            value = round(base + rise * meals + noise - 15 * math.exp(-(((hour - 4) / 2) ** 2)))
            trace.append((time, float(min(400, max(40, value)))))
            # A few are lost, and now and then an hour or five.
            gap = chance.random()
            steps = 60 if gap < 0.0007 else 12 if gap < 0.002 else 2 if gap < 0.02 else 1
            time += pandas.Timedelta(seconds=300 * steps + chance.choice([-1, 0, 0, 1]))
        people[f"made-up {number + 1}"] = trace
    return people


def ours(people):
    lines = "".join(
        f"{person},{int(time.timestamp())},{value}\n" for person, trace in people.items() for time, value in trace
    )
    command = ["cargo", "run", "--quiet", "--locked", "-p", "clinical", "--example", "glucose_metrics"]
    if built := os.environ.get("MIMAMORI_GLUCOSE_METRICS"):
        command = [built]
    answer = subprocess.run(command, input=lines, check=True, capture_output=True, text=True, cwd=ROOT)
    return json.loads(answer.stdout)


def theirs(trace):
    data = pandas.DataFrame(trace, columns=["time", "gl"]).assign(id="one")[["id", "time", "gl"]]

    def one(answer, column):
        return float(answer[column].iloc[0])

    events = iglu.episode_calculation(data, dur_length=20, end_length=20)
    events = {row.level: row.total_episodes for row in events.itertuples() if row.type == "hypo"}
    numbers = {
        "mean": (one(iglu.mean_glu(data), "mean"), EXACT),
        "standard_deviation": (one(iglu.sd_glu(data), "SD"), EXACT),
        "coefficient_of_variation": (one(iglu.cv_glu(data), "CV"), EXACT),
        "gmi": (one(iglu.gmi(data), "GMI"), EXACT),
        "ea1c": (one(iglu.ea1c(data), "eA1C"), EXACT),
        "below_54": (one(iglu.below_percent(data), "below_54"), EXACT),
        "below_70": (one(iglu.below_percent(data), "below_70"), EXACT),
        "in_range": (one(iglu.in_range_percent(data), "in_range_70_180"), EXACT),
        "in_range_63_140": (one(iglu.in_range_percent(data), "in_range_63_140"), EXACT),
        "above_180": (one(iglu.above_percent(data), "above_180"), EXACT),
        "above_250": (one(iglu.above_percent(data), "above_250"), EXACT),
        "lbgi": (one(iglu.lbgi(data), "LBGI"), CONSTANT),
        "hbgi": (one(iglu.hbgi(data), "HBGI"), CONSTANT),
        "gri": (one(iglu.gri(data), "GRI"), EXACT),
        "j_index": (one(iglu.j_index(data), "J_index"), EXACT),
        "modd": (one(iglu.modd(data), "MODD"), EXACT),
        "mage": (one(iglu.mage(data), "MAGE"), AMPLITUDE),
        # Shown only: events there are of the grid, ours of values.
        "events_below_70": (float(events["lv1"]), None),
        "events_below_54": (float(events["lv2"]), None),
        "events_extended": (float(events["extended"]), None),
    }
    for hours in (1, 2, 4, 24):
        numbers[f"conga_{hours}"] = (one(iglu.conga(data, n=hours), "CONGA"), EXACT)
    return numbers


def is_near(our, their, allowed):
    if allowed is None:
        return True
    if our is None or math.isnan(their):
        return our is None and math.isnan(their)
    # What is exact is so in its decimals, the others in their ratio.
    return abs(our - their) <= (allowed if allowed == EXACT else allowed * abs(their) + EXACT)


def main():
    file = os.environ.get("MIMAMORI_CGM_FILE")
    people = from_documents(file) if file else made_up()
    found, differing = ours(people), 0
    for person, trace in people.items():
        print(f"{person}: {len(trace)} values")
        for name, (their, allowed) in theirs(trace).items():
            our = found[person].get(name)
            near = is_near(our, their, allowed)
            differing += not near
            mark = "shown only" if allowed is None else "equal" if near else "DIFFERS"
            print(f"  {name:<26} {our if our is not None else math.nan:>14.6f} {their:>14.6f}  {mark}")
    print("all numbers agree as far as they are defined alike" if not differing else f"{differing} numbers differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
