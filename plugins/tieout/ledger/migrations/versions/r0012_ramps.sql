-- Of a system that was away people are told once, and it is given its work again slowly: the row of
-- its read stream keeps when it came back and what was sent in the minute since.
ALTER TABLE tieout.streams
    ADD COLUMN told_at timestamptz,
    ADD COLUMN back_at timestamptz,
    ADD COLUMN ramp_minute integer NOT NULL DEFAULT 0,
    ADD COLUMN ramp_sent integer NOT NULL DEFAULT 0;

-- How much was done lately says when what waits will be done; it is asked often.
CREATE INDEX documents_done ON tieout.documents (pair, changed_at) WHERE state = 'done';
