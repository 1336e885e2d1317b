-- One row for each app and system. Its lock is what keeps two workers from refreshing at once;
-- sealed holds the access token and both refresh tokens, encrypted with a key that is not in here.

CREATE TABLE tieout.tokens (
    name text NOT NULL,
    version integer NOT NULL DEFAULT 0,
    sealed bytea,
    expires_at timestamptz,
    lifetime_s integer,
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT tokens_pkey PRIMARY KEY (name),
    CONSTRAINT tokens_whole CHECK ((version = 0) = (sealed IS NULL)),
    CONSTRAINT tokens_timed CHECK ((sealed IS NULL) = (expires_at IS NULL OR lifetime_s IS NULL))
);
