-- The ledger, first version. Every table is append-mostly; nothing here deletes a row.
-- Rules kept by the database, not by its callers: what must be unique is a unique index, every
-- change of state leaves an audit row, and audit rows can neither be changed nor deleted.

CREATE TABLE tieout.inbox (
    inbox_id bigint GENERATED ALWAYS AS IDENTITY,
    pair text NOT NULL,
    source text NOT NULL,
    account text NOT NULL,
    topic text NOT NULL,
    event_id text NOT NULL,
    resource_id text NOT NULL,
    origin text NOT NULL,
    body bytea,
    body_sha256 text NOT NULL,
    body_size bigint NOT NULL,
    headers jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL DEFAULT 'pending',
    rule text NOT NULL DEFAULT '',
    CONSTRAINT inbox_pkey PRIMARY KEY (inbox_id),
    CONSTRAINT inbox_state CHECK (state IN ('pending', 'documented', 'skipped', 'dead_letter')),
    CONSTRAINT inbox_rule CHECK ((state = 'skipped') = (rule <> '')),
    CONSTRAINT inbox_body_sha256 CHECK (body_sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT inbox_body_size CHECK (body_size >= 0)
);
-- A message with an id of its own is known by it; any message is known by what it says of what.
CREATE UNIQUE INDEX inbox_event ON tieout.inbox (source, account, topic, event_id)
    WHERE event_id <> '';
CREATE UNIQUE INDEX inbox_content
    ON tieout.inbox (source, account, topic, resource_id, body_sha256);
CREATE INDEX inbox_pending ON tieout.inbox (pair, inbox_id) WHERE state = 'pending';
CREATE INDEX inbox_counts ON tieout.inbox (pair, state, rule);

CREATE TABLE tieout.batches (
    batch_id bigint GENERATED ALWAYS AS IDENTITY,
    pair text NOT NULL,
    document_type text NOT NULL,
    claimed_by text NOT NULL,
    epoch integer NOT NULL DEFAULT 1,
    lease_until timestamptz NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT batches_pkey PRIMARY KEY (batch_id),
    CONSTRAINT batches_claimed_by UNIQUE (pair, document_type, claimed_by)
);

CREATE TABLE tieout.documents (
    document_id bigint GENERATED ALWAYS AS IDENTITY,
    inbox_id bigint NOT NULL,
    pair text NOT NULL,
    document_type text NOT NULL,
    source text NOT NULL,
    account text NOT NULL,
    source_id text NOT NULL,
    version_no integer NOT NULL,
    version_at timestamptz NOT NULL,
    known_through timestamptz NOT NULL,  -- the newest version_at seen with this content
    content_hash text NOT NULL,
    name text NOT NULL,
    payload jsonb NOT NULL,
    canonical jsonb,
    state text NOT NULL DEFAULT 'received',
    rule text NOT NULL DEFAULT '',
    attempts integer NOT NULL DEFAULT 0,
    batch_id bigint,
    epoch integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT documents_pkey PRIMARY KEY (document_id),
    CONSTRAINT documents_inbox UNIQUE (inbox_id),
    CONSTRAINT documents_version UNIQUE (source, account, document_type, source_id, version_no),
    CONSTRAINT documents_inbox_fkey FOREIGN KEY (inbox_id) REFERENCES tieout.inbox (inbox_id),
    CONSTRAINT documents_batch_fkey FOREIGN KEY (batch_id) REFERENCES tieout.batches (batch_id),
    CONSTRAINT documents_state
        CHECK (state IN ('received', 'ready', 'done', 'skipped', 'dead_letter')),
    CONSTRAINT documents_rule CHECK ((state = 'skipped') = (rule <> ''))
);
CREATE INDEX documents_content
    ON tieout.documents (source, account, document_type, source_id, content_hash);
CREATE INDEX documents_unfinished
    ON tieout.documents (pair, document_type, version_at, document_id)
    WHERE state IN ('received', 'ready');
CREATE INDEX documents_unsettled
    ON tieout.documents (pair, document_type, version_at, document_id)
    WHERE state IN ('received', 'ready', 'dead_letter');
CREATE INDEX documents_batch ON tieout.documents (batch_id, version_at, document_id);
CREATE INDEX documents_counts ON tieout.documents (pair, state, rule);

CREATE TABLE tieout.deliveries (
    delivery_id bigint GENERATED ALWAYS AS IDENTITY,
    document_id bigint NOT NULL,
    pair text NOT NULL,
    target text NOT NULL,
    entity text NOT NULL,
    document_key text NOT NULL,
    operation text NOT NULL,
    version_hash text NOT NULL,
    payload jsonb NOT NULL,
    expected jsonb NOT NULL,
    state text NOT NULL DEFAULT 'intent',
    attempts integer NOT NULL DEFAULT 0,
    key_epoch integer NOT NULL DEFAULT 0,
    idempotency_key text NOT NULL,
    reserved_no text NOT NULL DEFAULT '',
    external_id text NOT NULL DEFAULT '',
    external_no text NOT NULL DEFAULT '',
    figures jsonb,
    note text NOT NULL DEFAULT '',
    cause text NOT NULL DEFAULT '',
    message text NOT NULL DEFAULT '',
    remedy text NOT NULL DEFAULT '',
    answer jsonb,
    epoch integer NOT NULL DEFAULT 0,
    sent_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT deliveries_pkey PRIMARY KEY (delivery_id),
    CONSTRAINT deliveries_key UNIQUE (pair, entity, document_key, target, operation),
    CONSTRAINT deliveries_idempotency_key UNIQUE (idempotency_key),
    CONSTRAINT deliveries_document_fkey
        FOREIGN KEY (document_id) REFERENCES tieout.documents (document_id),
    CONSTRAINT deliveries_state
        CHECK (state IN ('intent', 'sent', 'in_doubt', 'confirmed', 'refused')),
    CONSTRAINT deliveries_idempotency_key_length CHECK (length(idempotency_key) <= 64)
);
CREATE INDEX deliveries_document ON tieout.deliveries (document_id);
CREATE INDEX deliveries_unsettled ON tieout.deliveries (pair, state, sent_at)
    WHERE state IN ('intent', 'sent', 'in_doubt');

CREATE TABLE tieout.bindings (
    binding_id bigint GENERATED ALWAYS AS IDENTITY,
    pair text NOT NULL,
    entity text NOT NULL,
    key text NOT NULL,
    system text NOT NULL,
    external_id text NOT NULL,
    external_no text NOT NULL,
    provenance text NOT NULL,
    agreed jsonb,
    bound_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT bindings_pkey PRIMARY KEY (binding_id),
    CONSTRAINT bindings_key UNIQUE (pair, entity, system, key),
    CONSTRAINT bindings_external_id UNIQUE (pair, entity, system, external_id)
);

CREATE TABLE tieout.dead_letters (
    dead_letter_id bigint GENERATED ALWAYS AS IDENTITY,
    pair text NOT NULL,
    inbox_id bigint,
    document_id bigint,
    trace_key text NOT NULL,
    step text NOT NULL,
    cause text NOT NULL,
    message text NOT NULL,
    remedy text NOT NULL,
    rule text NOT NULL,
    field text NOT NULL,
    value text NOT NULL,
    amount numeric,
    currency text NOT NULL,
    mapped jsonb,
    answer jsonb,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamptz,
    resolution text NOT NULL DEFAULT '',
    CONSTRAINT dead_letters_pkey PRIMARY KEY (dead_letter_id),
    CONSTRAINT dead_letters_inbox_fkey FOREIGN KEY (inbox_id) REFERENCES tieout.inbox (inbox_id),
    CONSTRAINT dead_letters_document_fkey
        FOREIGN KEY (document_id) REFERENCES tieout.documents (document_id),
    CONSTRAINT dead_letters_subject CHECK (num_nonnulls(inbox_id, document_id) >= 1),
    CONSTRAINT dead_letters_resolution CHECK ((closed_at IS NULL) = (resolution = ''))
);
-- One open dead letter per record, whoever sets it aside, however often.
CREATE UNIQUE INDEX dead_letters_open_document ON tieout.dead_letters (document_id)
    WHERE closed_at IS NULL AND document_id IS NOT NULL;
CREATE UNIQUE INDEX dead_letters_open_inbox ON tieout.dead_letters (inbox_id)
    WHERE closed_at IS NULL AND document_id IS NULL;
CREATE INDEX dead_letters_open ON tieout.dead_letters (pair, dead_letter_id)
    WHERE closed_at IS NULL;
CREATE INDEX dead_letters_trace ON tieout.dead_letters (pair, trace_key);

CREATE TABLE tieout.watermarks (
    pair text NOT NULL,
    source text NOT NULL,
    resource text NOT NULL,
    read_through timestamptz NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT watermarks_pkey PRIMARY KEY (pair, source, resource)
);

-- xid lets whoever seals the chain take only rows of transactions that have all ended.
CREATE TABLE tieout.audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY,
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    pair text NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL,
    CONSTRAINT audit_pkey PRIMARY KEY (audit_id)
);
CREATE INDEX audit_subject ON tieout.audit (subject, audit_id);

CREATE FUNCTION tieout.audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION 'tieout.audit is append-only' USING ERRCODE = 'insufficient_privilege';
END
$body$;
CREATE TRIGGER audit_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tieout.audit
    FOR EACH STATEMENT EXECUTE FUNCTION tieout.audit_is_append_only();

-- The actor is whoever the session says acts (tieout.actor), else the login role. Details hold ids
-- and hashes only, so that personal data can be redacted without touching this table.
CREATE FUNCTION tieout.write_audit(pair text, action text, subject text, detail jsonb)
RETURNS void LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $body$
    INSERT INTO tieout.audit (pair, actor, action, subject, detail) VALUES (
        pair, coalesce(nullif(current_setting('tieout.actor', true), ''), session_user),
        action, subject, detail)
$body$;
REVOKE EXECUTE ON FUNCTION tieout.write_audit(text, text, text, jsonb) FROM PUBLIC;

-- Trigger functions are SECURITY DEFINER: a role that may only insert into the inbox leaves its
-- audit row all the same, and no role needs a right on the audit table to work.
CREATE FUNCTION tieout.audit_inbox() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'inbox.' || NEW.state, 'inbox/' || NEW.inbox_id,
        jsonb_build_object('origin', NEW.origin, 'body_sha256', NEW.body_sha256,
                           'rule', NEW.rule));
    RETURN NULL;
END
$body$;
CREATE TRIGGER inbox_landed AFTER INSERT ON tieout.inbox
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_inbox();
CREATE TRIGGER inbox_changed AFTER UPDATE OF state ON tieout.inbox
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tieout.audit_inbox();

CREATE FUNCTION tieout.audit_batch() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'batch.claimed', 'batch/' || NEW.batch_id,
        jsonb_build_object('claimed_by', NEW.claimed_by, 'epoch', NEW.epoch,
                           'document_type', NEW.document_type));
    RETURN NULL;
END
$body$;
CREATE TRIGGER batches_claimed AFTER INSERT OR UPDATE OF epoch ON tieout.batches
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_batch();

CREATE FUNCTION tieout.audit_document() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'document.' || NEW.state, 'document/' || NEW.document_id,
        jsonb_build_object('inbox_id', NEW.inbox_id, 'version_no', NEW.version_no,
                           'content_hash', NEW.content_hash, 'batch_id', NEW.batch_id,
                           'attempts', NEW.attempts, 'rule', NEW.rule));
    RETURN NULL;
END
$body$;
CREATE TRIGGER documents_received AFTER INSERT ON tieout.documents
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_document();
CREATE TRIGGER documents_changed AFTER UPDATE OF state ON tieout.documents
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tieout.audit_document();

CREATE FUNCTION tieout.audit_delivery() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'delivery.' || NEW.state, 'delivery/' || NEW.delivery_id,
        jsonb_build_object('document_id', NEW.document_id, 'version_hash', NEW.version_hash,
                           'idempotency_key', NEW.idempotency_key, 'attempts', NEW.attempts,
                           'external_id', NEW.external_id, 'cause', NEW.cause));
    RETURN NULL;
END
$body$;
CREATE TRIGGER deliveries_intended AFTER INSERT ON tieout.deliveries
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_delivery();
CREATE TRIGGER deliveries_changed AFTER UPDATE OF state, attempts ON tieout.deliveries
    FOR EACH ROW WHEN (OLD.state <> NEW.state OR OLD.attempts <> NEW.attempts)
    EXECUTE FUNCTION tieout.audit_delivery();

CREATE FUNCTION tieout.audit_binding() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'binding.bound', 'binding/' || NEW.binding_id,
        jsonb_build_object('entity', NEW.entity, 'key', NEW.key, 'system', NEW.system,
                           'external_id', NEW.external_id, 'provenance', NEW.provenance));
    RETURN NULL;
END
$body$;
CREATE TRIGGER bindings_bound AFTER INSERT OR UPDATE ON tieout.bindings
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_binding();

CREATE FUNCTION tieout.audit_dead_letter() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(
        NEW.pair,
        CASE WHEN NEW.closed_at IS NULL THEN 'dead_letter.opened' ELSE 'dead_letter.closed' END,
        'dead_letter/' || NEW.dead_letter_id,
        jsonb_build_object('inbox_id', NEW.inbox_id, 'document_id', NEW.document_id,
                           'step', NEW.step, 'cause', NEW.cause, 'rule', NEW.rule,
                           'resolution', NEW.resolution));
    RETURN NULL;
END
$body$;
CREATE TRIGGER dead_letters_opened AFTER INSERT ON tieout.dead_letters
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_dead_letter();
CREATE TRIGGER dead_letters_closed AFTER UPDATE OF closed_at ON tieout.dead_letters
    FOR EACH ROW WHEN (OLD.closed_at IS DISTINCT FROM NEW.closed_at)
    EXECUTE FUNCTION tieout.audit_dead_letter();

CREATE FUNCTION tieout.audit_watermark() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'watermark.moved',
        'watermark/' || NEW.source || '/' || NEW.resource,
        jsonb_build_object('read_through', NEW.read_through));
    RETURN NULL;
END
$body$;
CREATE TRIGGER watermarks_set AFTER INSERT ON tieout.watermarks
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_watermark();
CREATE TRIGGER watermarks_moved AFTER UPDATE ON tieout.watermarks
    FOR EACH ROW WHEN (OLD.read_through <> NEW.read_through)
    EXECUTE FUNCTION tieout.audit_watermark();

-- The wake-up: listeners hear the pair once per transaction, after it committed.
CREATE FUNCTION tieout.notify_inbox() RETURNS trigger LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM pg_notify('tieout_inbox', NEW.pair);
    RETURN NULL;
END
$body$;
CREATE TRIGGER inbox_notify AFTER INSERT ON tieout.inbox
    FOR EACH ROW EXECUTE FUNCTION tieout.notify_inbox();
