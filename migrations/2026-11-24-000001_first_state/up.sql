-- Handpick's own state. Times are UTC text (ISO 8601); ids of the client's customers and products are text.

CREATE TABLE shops (
    id INTEGER PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    currency TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    secret BLOB NOT NULL,                 -- keys the assignment to arms and the link tokens
    created_at TIMESTAMP NOT NULL
);

CREATE TABLE accounts (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    email TEXT NOT NULL UNIQUE COLLATE NOCASE,
    name TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'marketer', 'analyst')),
    password_hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    last_sign_in_at TIMESTAMP,
    disabled_at TIMESTAMP
);

CREATE TABLE sessions (
    token_hash TEXT PRIMARY KEY NOT NULL, -- SHA-256 of the cookie: a stolen backup signs nobody in
    account_id INTEGER NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    created_at TIMESTAMP NOT NULL,
    last_seen_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL
);

CREATE TABLE setup_links (
    token_hash TEXT PRIMARY KEY NOT NULL,
    created_at TIMESTAMP NOT NULL,
    expires_at TIMESTAMP NOT NULL,
    used_at TIMESTAMP
);

CREATE TABLE sign_in_attempts (
    id INTEGER PRIMARY KEY NOT NULL,
    who TEXT NOT NULL,                    -- SHA-256 of the address or the e-mail that tried
    at TIMESTAMP NOT NULL
);
CREATE INDEX sign_in_attempts_by_who ON sign_in_attempts (who, at);

CREATE TABLE jobs (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,                -- JSON
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
    phase TEXT NOT NULL DEFAULT '',
    done BIGINT NOT NULL DEFAULT 0,
    total BIGINT,
    attempts INTEGER NOT NULL DEFAULT 0,
    max_attempts INTEGER NOT NULL,
    run_after TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP,
    phase_started_at TIMESTAMP,
    finished_at TIMESTAMP,
    cancel_requested BOOLEAN NOT NULL DEFAULT 0,
    result TEXT,                          -- JSON
    error TEXT,
    created_by INTEGER REFERENCES accounts (id)
);
CREATE INDEX jobs_by_state ON jobs (state, run_after);

CREATE TABLE sync_runs (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    job_id INTEGER REFERENCES jobs (id),
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP,
    state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
    full_sync BOOLEAN NOT NULL,
    history_version BIGINT,
    counts TEXT,                          -- JSON
    error TEXT
);

CREATE TABLE source_marks (
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    name TEXT NOT NULL,                   -- which mapping, e.g. events/orders
    watermark TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    PRIMARY KEY (shop_id, name)
);

CREATE TABLE source_queries (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    at TIMESTAMP NOT NULL,
    statement TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    error TEXT
);
CREATE INDEX source_queries_by_time ON source_queries (shop_id, at);

CREATE TABLE models (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    job_id INTEGER REFERENCES jobs (id),
    kind TEXT NOT NULL,
    file TEXT NOT NULL,                   -- relative to the shop's folder
    checksum TEXT NOT NULL,
    history_version BIGINT NOT NULL,
    cut_at TIMESTAMP NOT NULL,            -- events up to here were used
    params TEXT NOT NULL,                 -- JSON
    metrics TEXT NOT NULL,                -- JSON
    verdict TEXT NOT NULL,                -- one plain sentence
    beats_popular BOOLEAN NOT NULL,
    trained_at TIMESTAMP NOT NULL,
    train_ms BIGINT NOT NULL
);

CREATE TABLE campaigns (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('draft', 'training', 'generated', 'approved', 'sent', 'closed')),
    plan TEXT NOT NULL,                   -- JSON: what the marketer chose
    version INTEGER NOT NULL DEFAULT 1,   -- grows with each edit: two editors cannot overwrite each other
    model_id INTEGER REFERENCES models (id),
    job_id INTEGER REFERENCES jobs (id),
    generation TEXT,                      -- folder of the published picks, relative to the campaign's folder
    summary TEXT,                         -- JSON: what the generation counted
    created_at TIMESTAMP NOT NULL,
    created_by INTEGER REFERENCES accounts (id),
    updated_at TIMESTAMP NOT NULL,
    updated_by INTEGER REFERENCES accounts (id),
    generated_at TIMESTAMP,
    approved_at TIMESTAMP,
    approved_by INTEGER REFERENCES accounts (id),
    sent_at TIMESTAMP,                    -- when the outcome window begins
    closed_at TIMESTAMP
);

CREATE TABLE id_lists (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    kind TEXT NOT NULL CHECK (kind IN ('customers', 'products')),
    name TEXT NOT NULL,
    ids TEXT NOT NULL,                    -- one id per line
    id_count BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by INTEGER REFERENCES accounts (id)
);

CREATE TABLE reports (
    campaign_id INTEGER PRIMARY KEY NOT NULL REFERENCES campaigns (id),
    computed_at TIMESTAMP NOT NULL,
    history_version BIGINT NOT NULL,
    report TEXT NOT NULL                  -- JSON
);

CREATE TABLE audit (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    at TIMESTAMP NOT NULL,
    account_id INTEGER REFERENCES accounts (id),
    action TEXT NOT NULL,
    subject TEXT NOT NULL
);
