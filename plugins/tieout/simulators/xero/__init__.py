"""The Xero simulator: two organisations, by the official specification and real recordings.

Served: identity, connections and the resources that api lists, with their history; anything else
answers 501. Nothing of Tieout's own belongs here.
"""
