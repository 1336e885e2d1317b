-- States get the names of the protocol; a step of a batch gets a fencing epoch; attempts become the
-- deliveries' alone; what a backfill brings waits behind the rest.

ALTER TABLE tieout.documents DROP CONSTRAINT documents_state;
ALTER TABLE tieout.documents ADD CONSTRAINT documents_state CHECK (state IN (
    'received', 'validated', 'ready', 'held', 'done', 'skipped', 'dead_letter'));
ALTER TABLE tieout.documents DROP COLUMN epoch;
ALTER TABLE tieout.documents ADD COLUMN crashes integer NOT NULL DEFAULT 0;
ALTER TABLE tieout.documents ADD COLUMN is_history boolean NOT NULL DEFAULT false;
ALTER TABLE tieout.documents ADD COLUMN held_for text NOT NULL DEFAULT '';

DROP INDEX tieout.documents_unfinished;
CREATE INDEX documents_unfinished
    ON tieout.documents (pair, document_type, is_history, version_at, document_id)
    WHERE state IN ('received', 'validated', 'ready');
DROP INDEX tieout.documents_unsettled;
CREATE INDEX documents_unsettled
    ON tieout.documents (pair, document_type, version_at, document_id)
    WHERE state IN ('received', 'validated', 'ready', 'held', 'dead_letter');

CREATE TABLE tieout.batch_steps (
    batch_id bigint NOT NULL,
    step text NOT NULL,
    epoch integer NOT NULL DEFAULT 1,
    unfinished integer NOT NULL DEFAULT 0,
    begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended_at timestamptz,
    CONSTRAINT batch_steps_pkey PRIMARY KEY (batch_id, step),
    CONSTRAINT batch_steps_batch_fkey FOREIGN KEY (batch_id) REFERENCES tieout.batches (batch_id)
);

ALTER TABLE tieout.deliveries DROP CONSTRAINT deliveries_state;
UPDATE tieout.deliveries SET state = 'entered' WHERE state = 'confirmed';
ALTER TABLE tieout.deliveries ADD CONSTRAINT deliveries_state CHECK (state IN (
    'intent', 'sent', 'in_doubt', 'entered', 'updated', 'in_gl', 'held', 'refused'));
ALTER TABLE tieout.deliveries ADD COLUMN mapping_version text NOT NULL DEFAULT '';
ALTER TABLE tieout.deliveries ADD COLUMN rule_set text NOT NULL DEFAULT '';
ALTER TABLE tieout.deliveries ADD COLUMN approver text NOT NULL DEFAULT '';
-- One document at the target belongs to one delivery: the ledger refuses to call two by one id.
CREATE UNIQUE INDEX deliveries_external_id
    ON tieout.deliveries (pair, target, entity, operation, external_id)
    WHERE external_id <> '' AND operation = 'create';

CREATE OR REPLACE FUNCTION tieout.audit_document() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'document.' || NEW.state, 'document/' || NEW.document_id,
        jsonb_build_object('inbox_id', NEW.inbox_id, 'version_no', NEW.version_no,
                           'content_hash', NEW.content_hash, 'batch_id', NEW.batch_id,
                           'crashes', NEW.crashes, 'rule', NEW.rule));
    RETURN NULL;
END
$body$;
ALTER TABLE tieout.documents DROP COLUMN attempts;

CREATE OR REPLACE FUNCTION tieout.audit_delivery() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'delivery.' || NEW.state, 'delivery/' || NEW.delivery_id,
        jsonb_build_object('document_id', NEW.document_id, 'version_hash', NEW.version_hash,
                           'idempotency_key', NEW.idempotency_key, 'attempts', NEW.attempts,
                           'epoch', NEW.epoch, 'external_id', NEW.external_id,
                           'cause', NEW.cause, 'mapping_version', NEW.mapping_version,
                           'rule_set', NEW.rule_set, 'approver', NEW.approver));
    RETURN NULL;
END
$body$;
