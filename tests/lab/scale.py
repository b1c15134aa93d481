"""Cost of collecting from large accounts: calls, wall time, CPU seconds, peak memory."""

from cases import Bench, refuse_if
from laboratory import Laboratory, calls_of, gaps

PEER = {100: (74.0, 0.7, 5868), 1000: (417.0, 2.6, 53261)}
"""The peer's CPU seconds, gigabytes and calls on the same kind of machine."""


def measured(bench: Bench, scale: int) -> str:
    """Populates and collects; refuses above a twentieth of the peer's CPU or 200 MB."""
    bench.lab.populate(scale)
    workspace = bench.workspace(f"scale-{scale}")
    workspace.collect()  # the laboratory reads its items at the first question
    workspace.clear()
    bench.lab.forget_calls()
    done = workspace.collect()
    asked = sum(bench.lab.calls().values())
    cpu, memory, calls = PEER[scale]
    line = (f"scale {scale}: {asked} calls, {done.wall:.1f} s, {done.cpu:.2f} CPU s, {done.peak / 1e6:.0f} MB, {len(calls_of(workspace.run_folder))} artifacts, "
            f"{len(gaps(workspace.run_folder))} gaps (peer: {calls} calls, {cpu:.0f} CPU s, {memory} GB)")
    most = sorted(bench.lab.calls().items(), key=lambda item: -item[1])[:8]
    bench.lab.populate(1, accounts=2)
    refuse_if([f"{line}: over the goal"] if done.cpu > cpu / 20 or done.peak > 200e6 else [])
    return f"{line}; most: {', '.join(f'{name} {n}' for name, n in most)}"


def scale_100(bench: Bench) -> str:
    return measured(bench, 100)


def scale_1000(bench: Bench) -> str:
    return measured(bench, 1000)


LONG = [scale_100, scale_1000]
