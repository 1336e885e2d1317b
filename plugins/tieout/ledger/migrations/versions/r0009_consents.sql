-- What was granted to a token, and since when none of its refresh tokens is accepted: then a person
-- must consent anew, and nobody asks the identity service again until somebody has.

ALTER TABLE tieout.tokens
    ADD COLUMN scope text NOT NULL DEFAULT '',
    ADD COLUMN refused_at timestamptz,
    ADD CONSTRAINT tokens_refused CHECK (refused_at IS NULL OR sealed IS NOT NULL);

-- Who connected, what was refused, who forgot: a refresh changes nothing of that.
CREATE FUNCTION tieout.audit_token() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE happened text := 'connected';
BEGIN
    IF NEW.sealed IS NULL THEN
        happened := 'forgotten';
    ELSIF NEW.refused_at IS NOT NULL THEN
        happened := 'refused';
    END IF;
    PERFORM tieout.write_audit('', 'token.' || happened, 'token/' || NEW.name,
        jsonb_build_object('scope', NEW.scope));
    RETURN NULL;
END
$body$;
CREATE TRIGGER tokens_changed AFTER UPDATE ON tieout.tokens
    FOR EACH ROW WHEN (
        (OLD.sealed IS NULL) <> (NEW.sealed IS NULL)
        OR (OLD.refused_at IS NULL) <> (NEW.refused_at IS NULL))
    EXECUTE FUNCTION tieout.audit_token();
