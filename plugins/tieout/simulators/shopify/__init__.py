"""The Shopify simulator."""
