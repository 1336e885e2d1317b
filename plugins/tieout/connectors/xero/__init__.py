"""The Xero connector: client, resources, targets."""
