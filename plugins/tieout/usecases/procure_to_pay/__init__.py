"""Bills of vendors: from Xero, where people approve them, into Sage 100; and what is paid."""
