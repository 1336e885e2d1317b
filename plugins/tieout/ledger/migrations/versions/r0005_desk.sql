-- The desk of dead letters. A correction stands beside what the source said and is never changed; a
-- closed letter says by whom and why; a replay of many is a job whose letters are fixed when it is made.

ALTER TABLE tieout.dead_letters ADD COLUMN closed_by text NOT NULL DEFAULT '';
ALTER TABLE tieout.dead_letters ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE tieout.dead_letters ADD COLUMN proof jsonb;
CREATE INDEX dead_letters_document ON tieout.dead_letters (document_id, dead_letter_id);
CREATE INDEX dead_letters_inbox ON tieout.dead_letters (inbox_id, dead_letter_id);

ALTER TABLE tieout.documents ADD COLUMN keeps_mapping boolean NOT NULL DEFAULT false;

CREATE TABLE tieout.corrections (
    correction_id bigint GENERATED ALWAYS AS IDENTITY,
    dead_letter_id bigint NOT NULL,
    document_id bigint NOT NULL,
    patch jsonb NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    amount_before numeric,
    amount_after numeric,
    currency text NOT NULL,
    corrected_by text NOT NULL,
    reason text NOT NULL,
    corrected_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT corrections_pkey PRIMARY KEY (correction_id),
    CONSTRAINT corrections_dead_letter_fkey
        FOREIGN KEY (dead_letter_id) REFERENCES tieout.dead_letters (dead_letter_id),
    CONSTRAINT corrections_document_fkey
        FOREIGN KEY (document_id) REFERENCES tieout.documents (document_id),
    CONSTRAINT corrections_named CHECK (corrected_by <> '' AND reason <> '')
);
CREATE INDEX corrections_document ON tieout.corrections (document_id, correction_id);

CREATE TABLE tieout.replay_jobs (
    job_id bigint GENERATED ALWAYS AS IDENTITY,
    pair text NOT NULL,
    cause text NOT NULL,
    flow text NOT NULL,
    since timestamptz,
    until timestamptz,
    mapping text NOT NULL,
    per_minute integer NOT NULL,
    state text NOT NULL DEFAULT 'running',
    message text NOT NULL DEFAULT '',
    requested_by text NOT NULL,
    request_key text NOT NULL,
    judged_from timestamptz NOT NULL DEFAULT clock_timestamp(),  -- outcomes before it do not stop it
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT replay_jobs_pkey PRIMARY KEY (job_id),
    CONSTRAINT replay_jobs_state CHECK (state IN ('running', 'paused', 'stopped', 'done')),
    CONSTRAINT replay_jobs_mapping CHECK (mapping IN ('current', 'original')),
    CONSTRAINT replay_jobs_per_minute CHECK (per_minute >= 1)
);
CREATE UNIQUE INDEX replay_jobs_request ON tieout.replay_jobs (request_key) WHERE request_key <> '';

CREATE TABLE tieout.replay_job_letters (
    job_id bigint NOT NULL,
    dead_letter_id bigint NOT NULL,
    state text NOT NULL DEFAULT 'waiting',
    replayed_at timestamptz,
    CONSTRAINT replay_job_letters_pkey PRIMARY KEY (job_id, dead_letter_id),
    CONSTRAINT replay_job_letters_job_fkey FOREIGN KEY (job_id) REFERENCES tieout.replay_jobs (job_id),
    CONSTRAINT replay_job_letters_dead_letter_fkey
        FOREIGN KEY (dead_letter_id) REFERENCES tieout.dead_letters (dead_letter_id),
    CONSTRAINT replay_job_letters_state
        CHECK (state IN ('waiting', 'replayed', 'settled_otherwise'))
);
CREATE INDEX replay_job_letters_waiting
    ON tieout.replay_job_letters (job_id, dead_letter_id) WHERE state = 'waiting';

-- What people wrote may name persons: the audit has its salted hash, the table its words.
CREATE FUNCTION tieout.audit_correction() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    of_pair text;
    of_inbox_id bigint;
BEGIN
    SELECT pair, inbox_id INTO of_pair, of_inbox_id
        FROM tieout.documents WHERE document_id = NEW.document_id;
    PERFORM tieout.write_audit(of_pair, 'correction.made', 'correction/' || NEW.correction_id,
        jsonb_build_object('dead_letter_id', NEW.dead_letter_id, 'document_id', NEW.document_id,
            'amount_before', NEW.amount_before, 'amount_after', NEW.amount_after,
            'currency', NEW.currency,
            'salted', jsonb_build_object(
                'patch_sha256', tieout.salted(of_inbox_id,
                    encode(sha256(convert_to(NEW.patch::text, 'UTF8')), 'hex')),
                'reason_sha256', tieout.salted(of_inbox_id,
                    encode(sha256(convert_to(NEW.reason, 'UTF8')), 'hex')))));
    RETURN NULL;
END
$body$;
CREATE TRIGGER corrections_made AFTER INSERT ON tieout.corrections
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_correction();

-- A newer version of the source wins over a correction, and the audit says so.
CREATE FUNCTION tieout.audit_overruled() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE overruled bigint;
BEGIN
    FOR overruled IN
        SELECT correction_id FROM tieout.corrections
        WHERE document_id = NEW.document_id ORDER BY correction_id
    LOOP
        PERFORM tieout.write_audit(NEW.pair, 'correction.superseded', 'correction/' || overruled,
            jsonb_build_object('document_id', NEW.document_id));
    END LOOP;
    RETURN NULL;
END
$body$;
CREATE TRIGGER documents_overruled AFTER UPDATE OF state ON tieout.documents
    FOR EACH ROW WHEN (OLD.state <> NEW.state AND NEW.rule = 'superseded')
    EXECUTE FUNCTION tieout.audit_overruled();

CREATE OR REPLACE FUNCTION tieout.audit_dead_letter() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE of_inbox_id bigint := NEW.inbox_id;
BEGIN
    IF of_inbox_id IS NULL THEN
        SELECT inbox_id INTO of_inbox_id FROM tieout.documents
            WHERE document_id = NEW.document_id;
    END IF;
    PERFORM tieout.write_audit(
        NEW.pair,
        CASE WHEN NEW.closed_at IS NULL THEN 'dead_letter.opened' ELSE 'dead_letter.closed' END,
        'dead_letter/' || NEW.dead_letter_id,
        jsonb_build_object('inbox_id', NEW.inbox_id, 'document_id', NEW.document_id,
                           'step', NEW.step, 'cause', NEW.cause, 'rule', NEW.rule,
                           'resolution', NEW.resolution, 'proof', NEW.proof,
                           'salted', CASE WHEN NEW.reason = '' THEN '{}'
                               ELSE jsonb_build_object('reason_sha256', tieout.salted(of_inbox_id,
                                   encode(sha256(convert_to(NEW.reason, 'UTF8')), 'hex'))) END));
    RETURN NULL;
END
$body$;

CREATE FUNCTION tieout.audit_replay_job() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'replay_job.' || NEW.state, 'replay_job/' || NEW.job_id,
        jsonb_build_object('cause', NEW.cause, 'flow', NEW.flow, 'since', NEW.since,
                           'until', NEW.until, 'mapping', NEW.mapping,
                           'per_minute', NEW.per_minute, 'requested_by', NEW.requested_by));
    RETURN NULL;
END
$body$;
CREATE TRIGGER replay_jobs_made AFTER INSERT ON tieout.replay_jobs
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_replay_job();
CREATE TRIGGER replay_jobs_changed AFTER UPDATE OF state ON tieout.replay_jobs
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION tieout.audit_replay_job();
