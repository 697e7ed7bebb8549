"""The chain: from imported layers to plots, need and balance, as one run that can be recomputed.

:func:`derive` is the chain itself, a pure function from layers, a rule set and settings to derived layers.
:func:`plan` feeds it from the store and keeps what comes out; :func:`layers.verifying.verify` feeds it again from
what a run recorded. Each step of the way is a module of its own.
"""

from layers.chain.derived import DERIVED, Derived
from layers.chain.deriving import derive
from layers.chain.running import PlanResult, plan, read_inputs

__all__ = ["DERIVED", "Derived", "PlanResult", "derive", "plan", "read_inputs"]
