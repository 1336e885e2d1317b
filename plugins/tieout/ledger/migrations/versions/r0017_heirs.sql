-- Things that people merged in a ledger: by which other thing one goes there from then on.
CREATE TABLE tieout.heirs (
    pair text NOT NULL,
    entity text NOT NULL,
    system text NOT NULL,
    key text NOT NULL,
    heir text NOT NULL,
    why text NOT NULL,
    since timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT heirs_pkey PRIMARY KEY (pair, entity, system, key),
    CONSTRAINT heirs_other CHECK (heir <> key)
);
CREATE INDEX heirs_of ON tieout.heirs (pair, entity, system, heir);
-- By what goes now what a record was bound to that is no more.
CREATE INDEX bindings_ended ON tieout.bindings (pair, entity, system, external_id)
    WHERE ended_at IS NOT NULL;

CREATE FUNCTION tieout.audit_heir() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'binding.handed_over', NEW.entity || '/' || NEW.key,
        jsonb_build_object('entity', NEW.entity, 'system', NEW.system, 'key', NEW.key,
            'heir', NEW.heir, 'why', NEW.why));
    RETURN NULL;
END
$body$;
CREATE TRIGGER heirs_changed AFTER INSERT OR UPDATE ON tieout.heirs
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_heir();
