"""Recompute a published figure to the digit."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from geoplan.errors import NotFoundError
from geoplan.land.rules import RuleSet
from geoplan.text import Text
from layers.chain import derive, read_inputs
from layers.chain.derived import Frame
from layers.hashing import content_hash
from layers.progress import Progress, silent
from layers.provenance import code_version
from layers.store import Run, Store
from layers.workspace import Workspace

__all__ = ["Check", "Verification", "verify"]


_OF_A_PROGRAMME = ("land_ledger", "stock_account", "supply", "supply_left_out")
"""Layers that follow from what a programme releases, besides its own."""

_STOPPED = Text(
    sv="Programmet tog slut på tid i körningen eller nu: då beror det på maskinen, och siffrorna kan skilja. "
    "Höj time_limit i [assumptions.programme] och kör om.",
    en="The programme ran out of time in the run or now: then it depends on the machine, and the figures may differ. "
    "Raise time_limit under [assumptions.programme], and plan anew.",
)


@dataclass(frozen=True)
class Check:
    """One layer's check: the digits that the run recorded against those found now."""

    layer: str
    kind: str
    recorded: str
    found: str

    @property
    def equal(self) -> bool:
        """Whether they are the same."""
        return self.recorded == self.found


@dataclass(frozen=True)
class Verification:
    """What verifying a run came to.

    Attributes
    ----------
    checks
        ``input`` (what is stored is what was read), ``stored`` (what is stored is what was derived) and
        ``recomputed`` (deriving anew gives the same), for every layer.
    stopped
        Whether the release programme, or the search for the smallest set of measures, ran out of time then or now.
    code_recorded, code_now
        The code then and now; where they differ and all checks are equal, the change did not touch the figures.
    """

    run: int
    snapshot: str
    checks: tuple[Check, ...]
    code_recorded: dict[str, Any]
    code_now: dict[str, Any]
    stopped: bool = False

    @property
    def equal(self) -> bool:
        """Whether there is anything to compare, and every check is equal."""
        derived = any(check.kind == "recomputed" for check in self.checks)
        return derived and all(check.equal for check in self.checks)

    @property
    def same_code(self) -> bool:
        """Whether code and libraries are the same as then."""
        return self.code_recorded == self.code_now

    @property
    def reasons(self) -> tuple[Text, ...]:
        """Why figures differ that need not mean that anything is wrong: a programme that ran out of time."""
        differs = [check.layer for check in self.checks if check.kind == "recomputed" and not check.equal]
        of_it = any(layer.startswith("programme_") or layer in _OF_A_PROGRAMME for layer in differs)
        return (_STOPPED,) if self.stopped and of_it else ()

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON values."""
        reasons = [reason.model_dump() for reason in self.reasons]
        checks = [asdict(check) | {"equal": check.equal} for check in self.checks]
        return asdict(self) | {"checks": checks, "equal": self.equal, "same_code": self.same_code, "reasons": reasons}


def verify(store: Store, *, run: int | None = None, progress: Progress = silent) -> Verification:
    """Recompute a run from the layers, rule set and parameters that it recorded, and compare to the digit.

    Parameters
    ----------
    store
        The store that has the run.
    run
        Its number; default: the last one.
    progress
        Told of every step.

    Raises
    ------
    NotFoundError
        There is no such run, or a layer version that it read has been pruned.
    """
    record = store.run(run)
    if record is None:
        which = "no run" if run is None else f"no run {run}"
        raise NotFoundError(f"There is {which} to verify.", hint="Make one with `geoplan plan`.")
    numbers = {name: int(identity["number"]) for name, identity in record.inputs.items()}
    layers = read_inputs(store, numbers, progress)
    checks = [
        Check(name, "input", record.inputs[name]["content_hash"], content_hash(frame)) for name, frame in layers.items()
    ]
    workspace = Workspace.from_mapping(dict(record.parameters))
    as_of = workspace.rules.as_of
    assert isinstance(as_of, dt.date)  # noqa: S101
    derived = derive(layers, RuleSet.from_mapping(record.rule_set), workspace, as_of=as_of, progress=progress)
    with progress("Comparing", total=len(record.outputs)) as advance:
        for name, identity in sorted(record.outputs.items()):
            stored = store.rehash(name, version=int(identity["number"]))
            table = derived.tables.get(name)
            checks.append(Check(name, "stored", identity["content_hash"], stored))
            again = "" if table is None else content_hash(table)
            checks.append(Check(name, "recomputed", identity["content_hash"], again))
            advance(1)
    return Verification(
        run=record.id,
        snapshot=record.snapshot,
        checks=tuple(checks),
        code_recorded=dict(record.code_version),
        code_now=dict(code_version()),
        stopped=_stopped(derived.tables) or _stopped(_outputs(store, record, _TIMED)),
    )


_TIMED = ("programme_result", "programme_gap_targets")


def _outputs(store: Store, record: Run, names: Sequence[str]) -> dict[str, Frame]:
    there = {name: int(record.outputs[name]["number"]) for name in names if name in record.outputs}
    return {name: store.read(name, version=number) for name, number in there.items()}


def _stopped(tables: Mapping[str, Frame]) -> bool:
    """Tell whether a search of these tables ran out of time."""
    result, gap = (tables.get(name) for name in _TIMED)
    late = result is not None and bool(result["stopped"].any())
    return late or (gap is not None and bool(gap["status"].eq("time_limit").any()))
