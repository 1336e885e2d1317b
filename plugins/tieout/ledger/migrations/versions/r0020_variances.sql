-- What reconciliation leaves over, in money: opened and closed by runs, accepted and resolved by people.
CREATE TABLE tieout.variances (
    variance_id bigint GENERATED ALWAYS AS IDENTITY,
    pair text NOT NULL,
    side text NOT NULL,
    document_id text NOT NULL,
    party text NOT NULL,
    currency text NOT NULL,
    amount numeric NOT NULL,
    day date NOT NULL,
    age_days integer NOT NULL,
    variance_class text NOT NULL,
    owner text NOT NULL,
    evidence text[] NOT NULL,
    proposal text NOT NULL,
    entry jsonb,
    state text NOT NULL DEFAULT 'open',
    assigned_to text NOT NULL DEFAULT '',
    said_by text NOT NULL DEFAULT '',
    said_why text NOT NULL DEFAULT '',
    accepted_until date,
    opened_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    closed_at timestamptz,
    CONSTRAINT variances_pkey PRIMARY KEY (variance_id),
    -- A document's variance is the same one whenever it is seen.
    CONSTRAINT variances_document UNIQUE (pair, side, document_id),
    CONSTRAINT variances_amount CHECK (amount > 0),
    CONSTRAINT variances_state CHECK (state IN ('open', 'accepted', 'resolved', 'gone')),
    CONSTRAINT variances_closed CHECK ((state IN ('resolved', 'gone')) = (closed_at IS NOT NULL)),
    CONSTRAINT variances_accepted CHECK (state <> 'accepted' OR accepted_until IS NOT NULL),
    CONSTRAINT variances_said CHECK (state NOT IN ('accepted', 'resolved') OR said_by <> '')
);
CREATE INDEX variances_queue ON tieout.variances (pair) WHERE state IN ('open', 'accepted');

-- Who did it is the audit's actor; why is in the table, for people write what they like there.
CREATE FUNCTION tieout.audit_variance() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit(NEW.pair, 'variance.' || NEW.state, 'variance/' || NEW.variance_id,
        jsonb_build_object('document', NEW.document_id, 'class', NEW.variance_class,
            'amount', NEW.amount, 'currency', NEW.currency, 'assigned_to', NEW.assigned_to,
            'accepted_until', NEW.accepted_until));
    RETURN NULL;
END
$body$;
CREATE TRIGGER variances_opened AFTER INSERT ON tieout.variances
    FOR EACH ROW EXECUTE FUNCTION tieout.audit_variance();
CREATE TRIGGER variances_changed
    AFTER UPDATE OF state, assigned_to, said_why, accepted_until ON tieout.variances
    FOR EACH ROW WHEN ((OLD.state, OLD.assigned_to, OLD.said_why, OLD.accepted_until)
        IS DISTINCT FROM (NEW.state, NEW.assigned_to, NEW.said_why, NEW.accepted_until))
    EXECUTE FUNCTION tieout.audit_variance();
