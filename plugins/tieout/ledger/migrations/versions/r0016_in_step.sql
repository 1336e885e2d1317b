-- Records kept in step: what both ledgers agreed on, where they disagree, and who is who no more.

-- A binding that ended stays, so that it can be told who was taken for whom, until when and why.
ALTER TABLE tieout.bindings
    DROP COLUMN agreed,
    ADD COLUMN confidence double precision,
    ADD COLUMN ended_at timestamptz,
    ADD COLUMN ended_why text NOT NULL DEFAULT '',
    ADD CONSTRAINT bindings_confidence CHECK (confidence BETWEEN 0 AND 1),
    DROP CONSTRAINT bindings_key,
    DROP CONSTRAINT bindings_external_id;
CREATE UNIQUE INDEX bindings_key ON tieout.bindings (pair, entity, system, key)
    WHERE ended_at IS NULL;
CREATE UNIQUE INDEX bindings_external_id ON tieout.bindings (pair, entity, system, external_id)
    WHERE ended_at IS NULL;

CREATE TABLE tieout.not_same (
    not_same_id bigint GENERATED ALWAYS AS IDENTITY,
    pair text NOT NULL,
    entity text NOT NULL,
    one_system text NOT NULL,
    one_id text NOT NULL,
    other_system text NOT NULL,
    other_id text NOT NULL,
    said_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    CONSTRAINT not_same_pkey PRIMARY KEY (not_same_id)
);
CREATE UNIQUE INDEX not_same_said ON tieout.not_same
    (pair, entity, one_system, one_id, other_system, other_id) WHERE ended_at IS NULL;

CREATE TABLE tieout.agreed_records (
    pair text NOT NULL,
    entity text NOT NULL,
    key text NOT NULL,
    version integer NOT NULL,
    fields jsonb NOT NULL,
    intended jsonb,
    written_at timestamptz[] NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT agreed_records_pkey PRIMARY KEY (pair, entity, key),
    CONSTRAINT agreed_records_version CHECK (version >= 1)
);

CREATE TABLE tieout.conflicts (
    conflict_id bigint GENERATED ALWAYS AS IDENTITY,
    pair text NOT NULL,
    entity text NOT NULL,
    key text NOT NULL,
    field text NOT NULL,
    xero jsonb NOT NULL,
    sage100 jsonb NOT NULL,
    reason text NOT NULL,
    winner text NOT NULL,
    effect text NOT NULL,
    xero_at timestamptz,
    sage100_at timestamptz,
    xero_by text NOT NULL,
    sage100_by text NOT NULL,
    state text NOT NULL,
    is_standing boolean NOT NULL DEFAULT FALSE,
    answered_by text NOT NULL DEFAULT '',
    answered_why text NOT NULL DEFAULT '',
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamptz,
    CONSTRAINT conflicts_pkey PRIMARY KEY (conflict_id),
    CONSTRAINT conflicts_state CHECK (state IN ('open', 'answered', 'settled', 'gone')),
    CONSTRAINT conflicts_closed CHECK ((state = 'open') = (closed_at IS NULL)),
    CONSTRAINT conflicts_winner CHECK (winner IN ('', 'xero', 'sage100')),
    CONSTRAINT conflicts_standing CHECK (NOT is_standing OR state = 'answered')
);
CREATE UNIQUE INDEX conflicts_open ON tieout.conflicts (pair, entity, key, field)
    WHERE state = 'open';
CREATE INDEX conflicts_of_record ON tieout.conflicts (pair, entity, key);
CREATE INDEX conflicts_standing ON tieout.conflicts (pair, entity) WHERE is_standing;

-- Details hold ids, names of fields and who won: never a value.
CREATE FUNCTION tieout.audit_conflict() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'conflict.' || NEW.state, 'conflict/' || NEW.conflict_id,
        jsonb_build_object('entity', NEW.entity, 'key', NEW.key, 'field', NEW.field,
            'reason', NEW.reason, 'winner', NEW.winner, 'is_standing', NEW.is_standing));
    RETURN NULL;
END
$body$;
CREATE TRIGGER conflicts_opened AFTER INSERT ON tieout.conflicts
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_conflict();
CREATE TRIGGER conflicts_changed AFTER UPDATE OF state ON tieout.conflicts
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tieout.audit_conflict();

CREATE FUNCTION tieout.audit_agreed() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair,
        CASE WHEN NEW.intended IS NULL THEN 'record.agreed' ELSE 'record.intended' END,
        NEW.entity || '/' || NEW.key, jsonb_build_object('version', NEW.version));
    RETURN NULL;
END
$body$;
CREATE TRIGGER agreed_records_changed AFTER INSERT OR UPDATE OF version ON tieout.agreed_records
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_agreed();

CREATE FUNCTION tieout.audit_not_same() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair,
        CASE WHEN NEW.ended_at IS NULL THEN 'binding.not_same' ELSE 'binding.may_be_same' END,
        'not_same/' || NEW.not_same_id, jsonb_build_object('entity', NEW.entity,
            'one', NEW.one_system || ' ' || NEW.one_id,
            'other', NEW.other_system || ' ' || NEW.other_id));
    RETURN NULL;
END
$body$;
CREATE TRIGGER not_same_said AFTER INSERT OR UPDATE ON tieout.not_same
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_not_same();

CREATE OR REPLACE FUNCTION tieout.audit_binding() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair,
        CASE WHEN NEW.ended_at IS NULL THEN 'binding.bound' ELSE 'binding.ended' END,
        'binding/' || NEW.binding_id,
        jsonb_build_object('entity', NEW.entity, 'key', NEW.key, 'system', NEW.system,
            'external_id', NEW.external_id, 'provenance', NEW.provenance,
            'confidence', NEW.confidence));
    RETURN NULL;
END
$body$;
