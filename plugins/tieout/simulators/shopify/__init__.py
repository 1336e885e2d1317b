"""The Shopify simulator: the Admin API 2026-10 of two shops, and their webhooks.

Written from the vendor's documents, its published schema and recorded answers. Where it differs
from the vendor on purpose:

* Webhook addresses may be http on the loopback; EventBridge and Pub/Sub are refused.
* Failed webhooks are repeated within minutes instead of four hours.
* Every served version answers with the schema of 2026-10, of which ``admin.graphql`` is a part.
* Searches see a change at once; the vendor's index lags.
* An order ships from one location, in one fulfillment order; returns and refunds cannot be made,
  only imported, and leave no agreement.
* What a page costs is fitted to recorded answers (``cost``); refused credentials answer 401.
"""
