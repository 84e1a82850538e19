-- Campaigns that repeat: a pattern, when it is due, and what came of each time.

CREATE TABLE series (
    pattern_id INTEGER PRIMARY KEY NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    cron TEXT NOT NULL,                   -- when, in the shop's zone
    cause TEXT NOT NULL,                  -- what makes a customer get it (JSON)
    approves BOOLEAN NOT NULL,            -- without asking anybody
    sends BOOLEAN NOT NULL,               -- by Handpick's own mail server, once approved
    is_on BOOLEAN NOT NULL,
    since TIMESTAMP NOT NULL,             -- what happened before is over for it
    shelf TEXT NOT NULL DEFAULT '',       -- stock and prices as they were then (JSON)
    updated_at TIMESTAMP NOT NULL,
    updated_by INTEGER REFERENCES accounts (id)
);

CREATE TABLE series_runs (
    pattern_id INTEGER NOT NULL REFERENCES series (pattern_id) ON DELETE CASCADE,
    due_at TIMESTAMP NOT NULL,
    campaign_id INTEGER REFERENCES campaigns (id) ON DELETE SET NULL,
    note TEXT NOT NULL,                   -- what came of it, in words
    PRIMARY KEY (pattern_id, due_at)
) WITHOUT ROWID;
