-- What was entered in Sage 100 and is not in its general ledger yet: following it must cost as much
-- as there is to follow, in a ledger of any size. What never posts has rows of its own entities.
CREATE INDEX deliveries_following ON tieout.deliveries (pair, entity, delivery_id)
    WHERE target = 'sage100' AND state IN ('entered', 'updated');
