# SPDX-License-Identifier: Apache-2.0
"""Servers that break exactly one rule. Each must turn the suite red, with a check that names one of the ids listed here.

`needs` says what a run has to bring along: `auth` (start with --auth, run with --key), `polling` or `upgrade` (the
transport on which the defect shows), `heartbeat` (short ping settings).
"""

import defects_connections
import defects_contents
import defects_listing
import defects_membership
import defects_notices
import defects_results
import defects_routing
from strict_tables import DEFECTS as TABLE

__all__ = [
    "TABLE",
    "defects_connections",
    "defects_contents",
    "defects_listing",
    "defects_membership",
    "defects_notices",
    "defects_results",
    "defects_routing",
]
