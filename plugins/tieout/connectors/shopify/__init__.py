"""The Shopify connector: GraphQL client, targets."""
