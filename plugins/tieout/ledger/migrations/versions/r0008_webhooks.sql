-- Xero numbers the events of each app. A row says which numbers one webhook brought, and is only ever
-- added, so that the receiver needs no right but INSERT; what lies between the rows was never heard.
-- A person who gives up what was missed adds the row that closes the gap, by name and with a reason.

CREATE TABLE tieout.webhook_ranges (
    app text NOT NULL,
    first_no bigint NOT NULL,
    last_no bigint NOT NULL,
    heard_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    given_up_by text NOT NULL DEFAULT '',
    reason text NOT NULL DEFAULT '',
    CONSTRAINT webhook_ranges_pkey PRIMARY KEY (app, first_no, last_no),
    CONSTRAINT webhook_ranges_app CHECK (app <> ''),
    CONSTRAINT webhook_ranges_order CHECK (first_no >= 1 AND last_no >= first_no),
    CONSTRAINT webhook_ranges_given_up CHECK ((given_up_by = '') = (reason = ''))
);

CREATE FUNCTION tieout.audit_webhook_range() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    PERFORM tieout.write_audit('', 'webhook_events.given_up', 'webhook/' || NEW.app,
        jsonb_build_object('first_no', NEW.first_no, 'last_no', NEW.last_no,
                           'reason', NEW.reason));
    RETURN NULL;
END
$body$;
CREATE TRIGGER webhook_ranges_given_up AFTER INSERT ON tieout.webhook_ranges
    FOR EACH ROW WHEN (NEW.given_up_by <> '') EXECUTE FUNCTION tieout.audit_webhook_range();
