-- A stream is one pair and one direction of work. It pauses by itself and is held for a person;
-- every change of its state is audited, with the words that whoever reads the audit needs.

CREATE TABLE tieout.streams (
    name text NOT NULL,
    pair text NOT NULL,
    state text NOT NULL DEFAULT 'open',
    cause text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    since timestamptz,
    judged integer NOT NULL DEFAULT 0,
    bad integer NOT NULL DEFAULT 0,
    bad_in_a_row integer NOT NULL DEFAULT 0,
    failures integer NOT NULL DEFAULT 0,
    probed_at timestamptz,
    CONSTRAINT streams_pkey PRIMARY KEY (name),
    CONSTRAINT streams_pair CHECK (starts_with(name, pair || '/')),
    CONSTRAINT streams_state CHECK (state IN ('open', 'paused', 'held')),
    CONSTRAINT streams_cause CHECK ((state = 'open') = (cause = '')),
    CONSTRAINT streams_probed CHECK (state <> 'paused' OR probed_at IS NOT NULL)
);

CREATE FUNCTION tieout.audit_stream() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'stream.' || NEW.state, 'stream/' || NEW.name,
        jsonb_build_object('was', OLD.state, 'cause', NEW.cause, 'reason', NEW.reason,
                           'judged', NEW.judged, 'bad', NEW.bad, 'failures', NEW.failures));
    RETURN NULL;
END
$body$;
CREATE TRIGGER streams_changed AFTER UPDATE OF state ON tieout.streams
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tieout.audit_stream();

-- What was sent more than once can have two copies at a target that refuses none: the sweep reads
-- those back, and there are few.
CREATE INDEX deliveries_resent ON tieout.deliveries (pair, entity, sent_at) WHERE epoch > 1;
