"""What one run was asked for."""

from __future__ import annotations

import argparse
from pathlib import Path

import attrs


@attrs.frozen(kw_only=True)
class Options:
    """The command line; `shard` counts from 1."""

    cancels: int = 20_000
    #: How many mass cancels instead, at least.
    mass: int = 0
    seed: int = 7
    rate: float = 0.1
    budget: bool = True
    #: The share of the cancels that goes over real sockets.
    sockets: float = 0.1
    shard: int = 1
    shards: int = 1
    jobs: int = 1
    resume: Path | None = None
    results: Path | None = None
    #: Where the scripts of worlds with a lie are kept.
    keep: Path | None = None
    plant: str | None = None

    @property
    def quota(self) -> int:
        """How many cancels, or mass cancels, are this shard's, at least."""
        wanted = self.mass or self.cancels
        return wanted * self.shard // self.shards - wanted * (self.shard - 1) // self.shards

    def parts(self) -> list[Options]:
        """Split it for as many processes as there shall be."""
        if self.jobs == 1:
            return [self]
        return [
            attrs.evolve(
                self,
                shard=(self.shard - 1) * self.jobs + part,
                shards=self.shards * self.jobs,
                jobs=1,
                resume=self.resume and self.resume.with_name(f"{self.resume.name}.{part}"),
            )
            for part in range(1, self.jobs + 1)
        ]

    @property
    def command(self) -> str:
        """The command line that repeats it, without the places of files."""
        words = [f"--mass {self.mass}" if self.mass else f"--cancels {self.cancels}"]
        words += [f"--seed {self.seed} --rate {self.rate}"]
        words += [f"--sockets {self.sockets}"] * (not self.mass)
        words += ["--no-budget"] * (not self.budget)
        words += [f"--shard {self.shard}/{self.shards}"] * (self.shards > 1)
        words += [f"--jobs {self.jobs}"] * (self.jobs > 1)
        words += [f"--plant {self.plant}"] * (self.plant is not None)
        return " ".join(("python benchmarks/truth.py", *words))


def parser(plants: list[str]) -> argparse.ArgumentParser:
    """Build the parser of the command line."""
    default = Options()
    made = argparse.ArgumentParser(description="Cancels against venues that break; every ack is judged.")
    made.add_argument("--cancels", type=int, default=default.cancels, help="how many, at least")
    made.add_argument("--mass", type=int, default=0, help="so many mass cancels instead, in process")
    made.add_argument("--seed", type=int, default=default.seed)
    made.add_argument("--rate", type=_share, default=default.rate, help="the share of requests with a fault")
    made.add_argument("--no-budget", dest="budget", action="store_false", help="retries without a budget")
    made.add_argument("--sockets", type=_share, default=default.sockets, help="the share over real sockets")
    made.add_argument("--shard", type=_shard, default=(1, 1), metavar="K/N", help="do only this part")
    made.add_argument("--jobs", type=int, default=1, help="how many processes share it")
    made.add_argument("--resume", type=Path, metavar="FILE", help="go on from here, and keep the state here")
    made.add_argument("--results", type=Path, metavar="DIR", help="write the tables to a file, too")
    made.add_argument("--keep", type=Path, metavar="DIR", help="keep the scripts of worlds with a lie")
    made.add_argument("--replay", type=Path, metavar="FILE", help="play one kept script again")
    made.add_argument("--merge", type=Path, nargs="+", metavar="FILE", help="only add up shards' states")
    made.add_argument("--plant", choices=plants, help="break the library in this way first")
    return made


def options_of(given: argparse.Namespace) -> Options:
    """Take the options from a command line."""
    shard, shards = given.shard
    same = {field.name for field in attrs.fields(Options)} - {"shard", "shards"}
    return Options(shard=shard, shards=shards, **{name: getattr(given, name) for name in same})


def _share(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"expected a share from 0 to 1, got {text}")
    return value


def _shard(text: str) -> tuple[int, int]:
    shard, _, shards = text.partition("/")
    if not (shard.isdigit() and shards.isdigit() and 1 <= int(shard) <= int(shards)):
        raise argparse.ArgumentTypeError(f"expected K/N, K from 1 to N, got {text}")
    return int(shard), int(shards)
