"""The Sage 100 connector: ODBC reader, agent client, targets."""
