# SPDX-License-Identifier: Apache-2.0
"""What differs between the revisions, as data: read from the tables A.1 and B of the requirements digest, not from the C code.

A revision is a row; the rules (strict_rules.py) and the gate (strict_gate.py) ask the row and never branch on a name.
"""

from dataclasses import dataclass, field

ALL = ("rfc", "0.1", "0.2", "0.3", "0.4")


@dataclass(frozen=True)
class Revision:
    name: str
    version: str  # what a server of it calls itself
    gate: bool  # a2c_version is demanded at the handshake and shown by list_room
    lists: bool  # server:list_room exists
    reports_acked: bool  # update_* and cancel get [] when an ack is asked for
    agent_key: str  # the member that names the Agent in requests
    calls: tuple
    updates: dict = field(hash=False)


def _updates(*kinds):
    return {f"server:{kind}": f"notify:{kind}" for kind in kinds}


def _calls(*kinds):
    return tuple(f"client:{kind}" for kind in kinds)


_GATED = {"gate": True, "lists": True, "reports_acked": False, "agent_key": "agent"}
_CALLS_02 = ("tool_call", "get_config", "get_tools", "get_desktop", "get_resources", "get_skills", "get_skill", "get_blob")
_UPDATES_02 = ("update_config", "update_tool_list", "update_desktop", "update_skills")

REVISIONS = {
    row.name: row
    for row in (
        Revision(
            "rfc",
            "0.0.0",
            gate=False,
            lists=False,
            reports_acked=True,
            agent_key="robot_id",
            calls=_calls("tool_call", "get_mcp_config", "get_tools", "get_desktop"),
            updates=_updates("update_mcp_config", "desktop_refresh"),
        ),
        Revision(
            "0.1",
            "0.1.2",
            gate=False,
            lists=True,
            reports_acked=True,
            agent_key="agent",
            calls=_calls("tool_call", "get_tools", "get_desktop", "get_config", "get_finder"),
            updates=_updates("update_config", "update_tool_list", "update_desktop", "update_finder"),
        ),
        Revision("0.2", "0.2.3", **_GATED, calls=_calls(*_CALLS_02), updates=_updates(*_UPDATES_02)),
        Revision("0.3", "0.3.2", **_GATED, calls=_calls(*_CALLS_02), updates=_updates(*_UPDATES_02)),
        Revision("0.4", "0.4.0", **_GATED, calls=_calls(*_CALLS_02, "put_blob"), updates=_updates(*_UPDATES_02)),
    )
}
