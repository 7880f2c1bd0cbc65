"""`make bench`: the consented read against the bare read, side by side in one run, on both engines.

Rounds are interleaved (bare, consented, bare…) and medians kept: this machine is shared, only the ratio of
one run means something. Then the same at 1 000 and at 100 000 carnets.

    python -m bench [--seconds 1.5] [--rounds 5] [--engine sqlite|postgresql] [--most 100000]
"""

import argparse
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median
from urllib.error import URLError
from urllib.request import urlopen

from bench.instance import PURPOSE, Measured, grow, seed
from bench.load import Sample, measure, request
from tests.postgres import CannotRun, running_postgres

CALLERS = (1, 16, 64)
KINDS = ("bare", "consented")


def main() -> None:
    told = _arguments()
    for engine in (told.engine,) if told.engine else ("sqlite", "postgresql"):
        with tempfile.TemporaryDirectory(prefix="carnet-bench-") as folder:
            try:
                with _stores(engine, Path(folder)) as (data_url, keys_url):
                    _bench(engine, data_url, keys_url, Path(folder), told)
            except CannotRun as reason:
                print(f"{engine}: skipped, {reason}")


def _bench(engine: str, data_url: str, keys_url: str, folder: Path, told: argparse.Namespace) -> None:
    measured = seed(data_url, keys_url, folder)
    for carnets in (0, 1_000, told.most):
        if carnets:
            grow(measured, carnets)
        size = carnets or len(measured.carnet_ids)
        callers = CALLERS if not carnets else (64,)
        with _server(measured, folder) as port:
            results = _rounds(port, measured, callers, told)
        _print(engine, size, results)


def _rounds(
    port: int, measured: Measured, callers: tuple[int, ...], told: argparse.Namespace
) -> dict[tuple[int, str], list[Sample]]:
    requests = {kind: _requests(measured, kind) for kind in KINDS}
    results: dict[tuple[int, str], list[Sample]] = {(n, kind): [] for n in callers for kind in KINDS}
    for kind in KINDS:
        measure(port, requests[kind], callers=16, seconds=0.5)  # warm
    for _ in range(told.rounds):
        for number in callers:
            for kind in KINDS:
                sample = measure(port, requests[kind], callers=number, seconds=told.seconds)
                results[number, kind].append(sample)
    return results


def _requests(measured: Measured, kind: str) -> list[bytes]:
    asked = f"purpose={PURPOSE}&fields={','.join(measured.fields)}"
    paths = {"bare": "/bench/bare/{}/fields", "consented": "/api/v1/carnets/{}/fields"}
    return [
        request(f"{paths[kind].format(carnet_id)}?{asked}", measured.token)
        for carnet_id in measured.carnet_ids
    ]


def _print(engine: str, carnets: int, results: dict[tuple[int, str], list[Sample]]) -> None:
    print(f"\n{engine}, {carnets} carnets, 20 fields a read (medians)")
    columns = ("bare/s", "p50 ms", "p99 ms", "read/s", "p50 ms", "p99 ms", "ratio")
    print(f"{'callers':>8}" + "".join(f"{name:>10}" for name in columns))
    for number in sorted({callers for callers, _ in results}):
        bare, read = (_medians(results[number, kind]) for kind in KINDS)
        ratio = median(
            b.rate / a.rate
            for a, b in zip(results[number, "bare"], results[number, "consented"], strict=True)
        )
        print(
            f"{number:>8}{bare.rate:>10.0f}{bare.p50:>10.2f}{bare.p99:>10.2f}"
            f"{read.rate:>10.0f}{read.p50:>10.2f}{read.p99:>10.2f}{ratio:>10.2f}",
            flush=True,
        )


def _medians(samples: list[Sample]) -> Sample:
    columns = [asdict(sample) for sample in samples]
    return Sample(**{name: median(column[name] for column in columns) for name in ("rate", "p50", "p99")})


@contextmanager
def _stores(engine: str, folder: Path) -> Iterator[tuple[str, str]]:
    if engine == "sqlite":
        yield f"sqlite:///{folder}/carnet.sqlite", f"sqlite:///{folder}/keys.sqlite"
        return
    with running_postgres() as server:
        yield server.fresh_database("data"), server.fresh_database("keys")


@contextmanager
def _server(measured: Measured, folder: Path) -> Iterator[int]:
    settings = folder / "settings.json"
    settings.write_text(json.dumps(dict(measured.environ)))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen([sys.executable, "-m", "bench.server", str(settings), str(port)])
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        if process.poll() is not None:
            raise SystemExit("the server stopped")
        try:
            with urlopen(f"http://127.0.0.1:{port}/sante", timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("the server does not answer")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--seconds", type=float, default=1.5, help="of each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"))
    parser.add_argument("--most", type=int, default=100_000, help="carnets of the last measure")
    return parser.parse_args()


if __name__ == "__main__":
    main()
