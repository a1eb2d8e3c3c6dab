# SPDX-License-Identifier: Apache-2.0
"""Servers that break exactly one rule. Each must turn the suite red, with a check that names one of the ids listed here.

`revisions` says in which of them a defect breaks its rule; `needs` what a run has to bring along: `slow` (not --fast), `version` (a
client that declares one), `auth` (start with --auth, run with --key), `polling` or `upgrade` (the transport on which the defect shows),
`heartbeat` (short ping settings).
"""

import defects_calls
import defects_connections
import defects_contents
import defects_gate
import defects_listing
import defects_membership
import defects_notices
import defects_results
import defects_rfc
import defects_routing
from strict_tables import DEFECTS as TABLE

defects_rfc.extend_to_rfc()

__all__ = [
    "TABLE",
    "defects_calls",
    "defects_connections",
    "defects_contents",
    "defects_gate",
    "defects_listing",
    "defects_membership",
    "defects_notices",
    "defects_results",
    "defects_rfc",
    "defects_routing",
]
