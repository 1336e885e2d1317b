"""The Tieout agent: the only writer of a Sage 100 installation, on its Windows server.

It takes signed commands over HTTP, writes each exactly once through the Business Object Interface
(BOI), and keeps a durable journal of them. Mapping, reading by ODBC and deciding what to write
belong to Tieout, of which nothing is imported here.
"""

VERSION = "0.1.0"
"""The distribution's version, as pyproject.toml has it."""
PROTOCOL = 1
"""What both sides must speak: the number in every path. It changes when an old Tieout or an old
agent would misunderstand."""
