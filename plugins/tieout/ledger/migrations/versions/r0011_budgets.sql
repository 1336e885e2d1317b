-- One row for each organization that an app calls, and one for the app itself. Its lock is what
-- keeps two workers from making one call too many; what the state says is domain.calls'.
CREATE TABLE tieout.budgets (
    name text NOT NULL,
    state jsonb NOT NULL DEFAULT '{}',
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT budgets_pkey PRIMARY KEY (name)
);

-- Calls and bytes, added up: never a row for each call. Days are UTC.
CREATE TABLE tieout.call_usage (
    app text NOT NULL,
    organization text NOT NULL,
    day date NOT NULL,
    flow text NOT NULL,
    lane text NOT NULL,
    calls integer NOT NULL,
    limited integer NOT NULL,
    received_bytes bigint NOT NULL,
    unpacked_bytes bigint NOT NULL,
    CONSTRAINT call_usage_pkey PRIMARY KEY (app, organization, day, flow, lane),
    CONSTRAINT call_usage_lane CHECK (lane IN ('event', 'poll', 'backfill')),
    CONSTRAINT call_usage_counts CHECK (calls >= limited AND limited >= 0)
);
