"""The page of the book that says how Prowler's verdicts stand to ours: counts by check, and each disagreement with whose verdict is right."""

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from beside_prowler import Explained, Pair, Place, Rule, Tally

RIGHT = {
    "ours": "ours",
    "theirs": "theirs",
    "both": "both: the questions differ",
    "laboratory": "neither can be told, since the laboratory answers as AWS would not",
}

INTRODUCTION = """# Beside Prowler's verdicts

Written by `tests/lab/beside_prowler.py`, which runs Prowler {version} and Affiant on the same two populations of the laboratory.
Prowler is a test tool here and is not shipped. Which of its checks ask what a check of this program asks stands in
`foreign/prowler.yaml`, which `affiant import` reads too; what explains a disagreement, in `tests/lab/beside_prowler.yaml`. A
disagreement without an explanation fails the test, and so does an explanation of nothing.

The first population is one account in one region, with {faults} planted faults that a check of ours is to find; the second, a
member of an organization in two regions, with things that look like faults and are none. The laboratory is moto, an imitation of
AWS: where it answers as AWS would not, that is said. Both populations were made to test this program, and their faults are of the
kinds that its checks know: what follows says how the two judge the same thing, not how much of AWS either of them covers.

"""

WORDS = """Prowler says PASS or FAIL and nothing between. This program also says *not evidenced* where the answer was not read, and *not
applicable* where there is nothing to judge. Such pairs are counted as silent, on whichever side. A check of theirs that is
narrower than ours, or has a fixed value where ours has a parameter, is compared by what it fails; where it passes what ours
fails, that is counted as narrower.

"""


def page(
    version: str,
    known: "list[Rule]",
    places: "list[Place]",
    entries: "list[Explained]",
    tallies: "list[tuple[Place, Tally, Tally]]",
    because: dict[str, str],
) -> str:
    """The whole page. Nothing in it differs between two runs: names of planted things, no ids."""
    found = [pair for place in places for pair in place.pairs]
    faults = len({name for name, _, _ in places[0].faults})
    parts = [
        INTRODUCTION.format(version=version, faults=faults),
        sums(known, places),
        WORDS,
        "## What was planted\n\n",
        *(planted(*row, because) for row in tallies),
        "## Disagreements\n\n",
        *(explanation(entry) for entry in entries if any(pair.kind == "disagree" for pair in entry.pairs)),
        "## Where one side is silent\n\n",
        silent(found, entries),
        "## Check by check\n\n",
        checks(known, found),
    ]
    return "".join(parts).rstrip() + "\n"


def sums(known: "list[Rule]", places: "list[Place]") -> str:
    lines = [
        f"{len(known)} checks of Prowler are listed beside {len({rule.check for rule in known})} of this program's.\n",
        "| population | their checks that found something to judge | on the same thing | agree | disagree | narrower | silent |",
        "|---|---|---|---|---|---|---|",
    ]
    for place in places:
        kinds = Counter(pair.kind for pair in place.pairs)
        asked = len({pair.rule.name for pair in place.pairs})
        lines.append(
            f"| {place.name} | {asked} | {len(place.pairs)} | {kinds['agree']} | {kinds['disagree']} | {kinds['narrower']} | {kinds['silent']} |"
        )
    return "\n".join(lines) + "\n\n"


def planted(place: "Place", faults: "Tally", traps: "Tally", because: dict[str, str]) -> str:
    """What each found of what was planted."""
    text = (
        f"In {place.name} population checks of ours are to find {faults.asked + faults.unasked} planted faults. A listed check of Prowler "
        f"asks about {faults.asked} of them: this program finds {faults.ours}, Prowler {faults.theirs}.\n\n"
    )
    text += missed("Prowler passes, or passes over", faults, "theirs", because) + missed("This program does not find", faults, "ours", because)
    if traps.asked:
        text += (
            f"{traps.asked} things that look like a fault and are none are asked about by both: this program reports {traps.ours} of "
            f"them, Prowler {traps.theirs}.\n\n"
        )
    return text + missed("Prowler reports", traps, "theirs", because) + missed("This program reports", traps, "ours", because)


def missed(words: str, of: "Tally", who: str, because: dict[str, str]) -> str:
    """What one of them got wrong, with why."""
    found = [f"- `{name}` (`{check}`): it {because.get(name, 'was not looked into')}" for name, check, own in of.missed if own == who]
    if who == "ours":
        found = [line.replace(": it ", ": ") for line in found]
    return f"{words}:\n\n" + "\n".join(found) + "\n\n" if found else ""


def explanation(entry: "Explained") -> str:
    """One group of disagreements."""
    names = sorted({pair.rule.name for pair in entry.pairs})
    checks = sorted({pair.rule.check for pair in entry.pairs})
    one, several = ("fails", "fail") if entry.theirs == "FAIL" else ("passes", "pass")
    return (
        f"**{', '.join(f'`{name}`' for name in names)}** {one if len(names) == 1 else several} what is {entry.ours} by "
        f"{', '.join(f'`{check}`' for check in checks)} ({count(entry.pairs)}). Right: {RIGHT[entry.right]}. {entry.why} "
        f"Source: {entry.source}.\n\n"
    )


def count(pairs: "list[Pair]") -> str:
    return f"{len(pairs)} resource{'' if len(pairs) == 1 else 's'}"


def silent(found: "list[Pair]", entries: "list[Explained]") -> str:
    """What one of them says and the other does not, with a reason where one is written down."""
    reasons = {id(pair): entry for entry in entries for pair in entry.pairs}
    groups: dict[tuple[str, str, str], list[Pair]] = defaultdict(list)
    for pair in found:
        if pair.kind == "silent":
            groups[(pair.rule.check, pair.theirs, pair.ours)].append(pair)
    lines = ["| ours | says | theirs | says | resources | why |", "|---|---|---|---|---|---|"]
    for (check, theirs, ours), pairs in sorted(groups.items()):
        names = ", ".join(f"`{name}`" for name in sorted({pair.rule.name for pair in pairs}))
        why = " ".join(sorted({f"{reasons[id(p)].why} Source: {reasons[id(p)].source}." for p in pairs if id(p) in reasons}))
        lines.append(f"| `{check}` | {ours} | {names} | {theirs} | {len(pairs)} | {why} |")
    return "\n".join(lines) + "\n\n"


def checks(known: "list[Rule]", found: "list[Pair]") -> str:
    """Every check of theirs that has a counterpart, with its counts."""
    by_rule: dict[str, Counter[str]] = defaultdict(Counter)
    for pair in found:
        by_rule[pair.rule.name][pair.kind] += 1
    lines = ["| theirs | ours | agree | disagree | narrower | silent |", "|---|---|---|---|---|---|"]
    rest = []
    for rule in sorted(known, key=lambda rule: rule.name):
        kinds = by_rule.get(rule.name)
        if kinds is None:
            rest.append(rule)
            continue
        theirs = f"`{rule.name}`" + (" (narrower)" if rule.tells == "fail" else "")
        lines.append(f"| {theirs} | `{rule.check}` | {kinds['agree']} | {kinds['disagree']} | {kinds['narrower']} | {kinds['silent']} |")
    left = "; ".join(f"`{rule.name}` (`{rule.check}`)" for rule in rest)
    return "\n".join(lines) + f"\n\nListed, and nothing in the populations that both judged: {left}.\n"
