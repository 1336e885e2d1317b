-- A source's list is read page by page. With each page its watermark moves, in the same transaction,
-- to the position after it; what a position says is the reader's affair. What lands by the thousand
-- is audited entry by entry as ever, in one statement.

ALTER TABLE tieout.watermarks ALTER COLUMN read_through DROP NOT NULL;
ALTER TABLE tieout.watermarks ADD COLUMN position jsonb;

CREATE OR REPLACE FUNCTION tieout.audit_watermark() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'watermark.moved',
        'watermark/' || NEW.source || '/' || NEW.resource,
        jsonb_build_object('read_through', NEW.read_through, 'position', NEW.position));
    RETURN NULL;
END
$body$;
DROP TRIGGER watermarks_moved ON tieout.watermarks;
CREATE TRIGGER watermarks_moved AFTER UPDATE ON tieout.watermarks
    FOR EACH ROW WHEN ((OLD.read_through, OLD.position)
        IS DISTINCT FROM (NEW.read_through, NEW.position))
    EXECUTE FUNCTION tieout.audit_watermark();

-- A record that does not say when it changed can be changed and changed back: what its source says
-- then was said before. How often, before something else was, tells the entries apart.
ALTER TABLE tieout.inbox ADD COLUMN occurrence integer NOT NULL DEFAULT 0;
DROP INDEX tieout.inbox_content;
CREATE UNIQUE INDEX inbox_content
    ON tieout.inbox (source, account, topic, resource_id, body_sha256, occurrence);

-- A flow works on what one source said: what waits of another must not stand in its way.
DROP INDEX tieout.inbox_pending;
CREATE INDEX inbox_pending ON tieout.inbox (source, pair, inbox_id) WHERE state = 'pending';

-- What lands by the thousand must cost microseconds, so the dear parts of an entry get cheap ones that
-- say the same: the form of its hash, and its salt, which comes of one secret of its statement that is
-- kept nowhere. Salts are made here alone: none needs to be told that its entry exists.
ALTER TABLE tieout.inbox DROP CONSTRAINT inbox_body_sha256;
ALTER TABLE tieout.inbox ADD CONSTRAINT inbox_body_sha256 CHECK (
    length(body_sha256) = 64 AND encode(decode(body_sha256, 'hex'), 'hex') = body_sha256);
ALTER TABLE tieout.salts DROP CONSTRAINT salts_inbox_fkey;

CREATE FUNCTION tieout.audit_landed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE secret bytea := uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid());
BEGIN
    INSERT INTO tieout.salts (inbox_id, salt)
    SELECT inbox_id, sha256(secret || int8send(inbox_id)) FROM landed;
    INSERT INTO tieout.audit (pair, actor, action, subject, detail)
    SELECT pair, coalesce(nullif(current_setting('tieout.actor', true), ''), session_user),
        'inbox.' || state, 'inbox/' || inbox_id,
        jsonb_build_object('was', '', 'origin', origin, 'rule', rule,
            'salted', jsonb_build_object('body_sha256', encode(sha256(
                sha256(secret || int8send(inbox_id)) || convert_to(body_sha256, 'UTF8')), 'hex')))
    FROM landed ORDER BY inbox_id;
    PERFORM pg_notify('tieout_inbox', told.pair) FROM (SELECT DISTINCT pair FROM landed) AS told;
    RETURN NULL;
END
$body$;
DROP TRIGGER inbox_notify ON tieout.inbox;
DROP FUNCTION tieout.notify_inbox();
DROP TRIGGER inbox_landed ON tieout.inbox;
CREATE TRIGGER inbox_landed AFTER INSERT ON tieout.inbox REFERENCING NEW TABLE AS landed
    FOR EACH STATEMENT EXECUTE FUNCTION tieout.audit_landed();
