"""Cost of collecting from large accounts: calls, wall time, CPU seconds, peak memory."""

from cases import Bench, refuse_if
from laboratory import calls_of, gaps

PEER = {100: (74.0, 0.7, 5868), 250: (0.0, 0.0, 0), 1000: (417.0, 2.6, 53261)}
"""The peer's CPU seconds, gigabytes and calls on the same kind of machine; zeros where it was not measured."""

MOST_MEMORY = 200e6


def measured(bench: Bench, scale: int) -> str:
    """Populates and collects; refuses above a twentieth of the peer's CPU or 200 MB."""
    bench.lab.populate(scale)
    workspace = bench.workspace(f"scale-{scale}")
    bench.lab.forget_calls()
    done = workspace.collect()
    counted = bench.lab.calls()
    cpu, memory, calls = PEER[scale]
    row = {
        "calls": sum(counted.values()),
        "wall": f"{done.wall:.1f} s",
        "CPU": f"{done.cpu:.2f} s",
        "peak": f"{done.peak / 1e6:.0f} MB",
        "artifacts": len(calls_of(workspace.run_folder)),
        "gaps": len(gaps(workspace.run_folder)),
    }
    line = f"scale {scale}: " + ", ".join(f"{name} {value}" for name, value in row.items())
    if calls:
        line += f" (peer: {calls} calls, {cpu:.0f} CPU s, {memory} GB)"
    most = sorted(counted.items(), key=lambda item: -item[1])[:12]
    line += f"; most: {', '.join(f'{name} {n}' for name, n in most)}"
    over = done.peak > MOST_MEMORY or (cpu and done.cpu > cpu / 20)
    refuse_if([f"{line}: over the goal"] if over else [])
    return line


def scale_100(bench: Bench) -> str:
    return measured(bench, 100)


def scale_250(bench: Bench) -> str:
    return measured(bench, 250)


def scale_1000(bench: Bench) -> str:
    return measured(bench, 1000)


def scale_1_again(bench: Bench) -> str:
    """The small population again, for what follows."""
    return bench.lab.populate(1, accounts=2)


LONG = [scale_100, scale_250, scale_1000, scale_1_again]
