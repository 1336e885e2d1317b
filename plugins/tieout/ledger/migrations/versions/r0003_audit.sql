-- Audit rows are sealed in batches into a chain of hashes; what they say of content is salted, so
-- that personal data can be redacted for good without touching a row. docs/reference/audit.md.

CREATE OR REPLACE FUNCTION tieout.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'tieout.% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$body$;

-- Rows are sealed in the order of (xid, audit_id). Below the oldest transaction still open, no row
-- can appear any more, however low its audit_id: that order has no gaps to be filled later.
CREATE INDEX audit_sealing ON tieout.audit (xid, audit_id);

CREATE TABLE tieout.audit_seals (
    seal_no bigint NOT NULL,
    first_audit_id bigint NOT NULL,
    last_audit_id bigint NOT NULL,
    last_xid xid8 NOT NULL,
    row_count bigint NOT NULL,
    rows_hash text NOT NULL,
    previous_hash text NOT NULL,
    seal_hash text NOT NULL,
    sealed_at timestamptz NOT NULL,
    CONSTRAINT audit_seals_pkey PRIMARY KEY (seal_no),
    CONSTRAINT audit_seals_previous_hash UNIQUE (previous_hash),
    CONSTRAINT audit_seals_seal_no CHECK (seal_no >= 1),
    CONSTRAINT audit_seals_row_count CHECK (row_count >= 1),
    CONSTRAINT audit_seals_hashes CHECK (
        rows_hash ~ '^[0-9a-f]{64}$' AND previous_hash ~ '^[0-9a-f]{64}$'
        AND seal_hash ~ '^[0-9a-f]{64}$')
);
CREATE TRIGGER audit_seals_is_append_only
    BEFORE UPDATE OR DELETE OR TRUNCATE ON tieout.audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION tieout.audit_is_append_only();

-- A moment as it is hashed: UTC, to the microsecond.
CREATE FUNCTION tieout.moment(at timestamptz) RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $body$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
$body$;

-- One random salt (244 bits) for all that comes of one inbox entry: its body, document, deliveries.
-- Redaction drops it; then nobody can test guesses against a hash in the audit.
CREATE TABLE tieout.salts (
    inbox_id bigint NOT NULL,
    salt bytea NOT NULL DEFAULT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    CONSTRAINT salts_pkey PRIMARY KEY (inbox_id),
    CONSTRAINT salts_inbox_fkey FOREIGN KEY (inbox_id) REFERENCES tieout.inbox (inbox_id)
);
INSERT INTO tieout.salts (inbox_id) SELECT inbox_id FROM tieout.inbox;

CREATE FUNCTION tieout.salted(of_inbox_id bigint, content text) RETURNS text LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $body$
    SELECT encode(sha256(salt || convert_to(content, 'UTF8')), 'hex')
    FROM tieout.salts WHERE inbox_id = of_inbox_id
$body$;
REVOKE EXECUTE ON FUNCTION tieout.salted(bigint, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION tieout.audit_inbox() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE was text := '';
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO tieout.salts (inbox_id) VALUES (NEW.inbox_id);
    ELSE
        was := OLD.state;
    END IF;
    PERFORM tieout.write_audit(NEW.pair, 'inbox.' || NEW.state, 'inbox/' || NEW.inbox_id,
        jsonb_build_object('was', was, 'origin', NEW.origin, 'rule', NEW.rule,
            'salted', jsonb_build_object(
                'body_sha256', tieout.salted(NEW.inbox_id, NEW.body_sha256))));
    RETURN NULL;
END
$body$;

CREATE OR REPLACE FUNCTION tieout.audit_document() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE was text := '';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := OLD.state;
    END IF;
    PERFORM tieout.write_audit(NEW.pair, 'document.' || NEW.state, 'document/' || NEW.document_id,
        jsonb_build_object('was', was, 'inbox_id', NEW.inbox_id, 'version_no', NEW.version_no,
            'batch_id', NEW.batch_id, 'crashes', NEW.crashes, 'rule', NEW.rule,
            'salted', jsonb_build_object(
                'content_hash', tieout.salted(NEW.inbox_id, NEW.content_hash))));
    RETURN NULL;
END
$body$;

-- A posting names what it was made by (mapping version, rule set), whose word it goes by, and what
-- was meant (hash of the payload as the database writes it).
CREATE OR REPLACE FUNCTION tieout.audit_delivery() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    was text := '';
    of_inbox_id bigint;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := OLD.state;
    END IF;
    SELECT inbox_id INTO of_inbox_id FROM tieout.documents WHERE document_id = NEW.document_id;
    PERFORM tieout.write_audit(NEW.pair, 'delivery.' || NEW.state, 'delivery/' || NEW.delivery_id,
        jsonb_build_object('was', was, 'document_id', NEW.document_id, 'target', NEW.target,
            'entity', NEW.entity, 'operation', NEW.operation, 'attempts', NEW.attempts,
            'epoch', NEW.epoch, 'external_id', NEW.external_id, 'cause', NEW.cause,
            'mapping_version', NEW.mapping_version, 'rule_set', NEW.rule_set,
            'approver', NEW.approver,
            'salted', jsonb_build_object(
                'version_hash', tieout.salted(of_inbox_id, NEW.version_hash),
                'idempotency_key', tieout.salted(of_inbox_id, NEW.idempotency_key),
                'payload_sha256', tieout.salted(of_inbox_id,
                    encode(sha256(convert_to(NEW.payload::text, 'UTF8')), 'hex')))));
    RETURN NULL;
END
$body$;

-- What redaction leaves of figures: the amounts, which are the books; never a name.
CREATE FUNCTION tieout.amounts_only(figures jsonb) RETURNS jsonb LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp AS $body$
    SELECT coalesce(jsonb_object_agg(key,
        CASE WHEN value ~ '^-?[0-9]+([.][0-9]+)?$' THEN value ELSE '[redacted]' END), '{}')
    FROM jsonb_each_text(figures)
$body$;

CREATE TABLE tieout.redactions (
    redaction_id bigint GENERATED ALWAYS AS IDENTITY,
    pair text NOT NULL,
    account text NOT NULL,
    source_id text NOT NULL,
    row_counts jsonb NOT NULL,
    redacted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT redactions_pkey PRIMARY KEY (redaction_id)
);
CREATE FUNCTION tieout.audit_redaction() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'record.redacted', 'redaction/' || NEW.redaction_id,
        jsonb_build_object('account', NEW.account, 'source_id', NEW.source_id,
                           'row_counts', NEW.row_counts));
    RETURN NULL;
END
$body$;
CREATE TRIGGER redactions_made AFTER INSERT ON tieout.redactions
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_redaction();
