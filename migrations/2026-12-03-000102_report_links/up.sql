-- Links to one report: whoever has one reads it without an account, until it ends or somebody takes it back.

CREATE TABLE report_links (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    campaign_id INTEGER NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,      -- SHA-256: a stolen backup opens no report
    note TEXT NOT NULL,                   -- who it is for, in words
    made_by INTEGER REFERENCES accounts (id),
    made_at TIMESTAMP NOT NULL,
    ends_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    last_used_at TIMESTAMP
);
CREATE INDEX report_links_by_campaign ON report_links (campaign_id);
