# SPDX-License-Identifier: Apache-2.0
"""The smallest useful MCP server on standard input and output, for the SDK's Computer client to run."""

from mcp.server.fastmcp import FastMCP

mcp = FastMCP("driver", log_level="ERROR")


@mcp.tool()
def echo(text: str) -> str:
    """Give the text back."""
    return f"echo: {text}"


@mcp.tool()
def fail(text: str) -> str:
    """Always fails."""
    raise ValueError(f"cannot {text}")


mcp.run()
