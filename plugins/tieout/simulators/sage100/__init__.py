"""The Sage 100 simulator: tables behind a real ODBC driver, the BOI double, people's acts."""
