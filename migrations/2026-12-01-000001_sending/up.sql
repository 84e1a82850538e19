-- A campaign's e-mails on their way, one row for each recipient, and who wants none any more.

CREATE TABLE sendings (
    campaign_id INTEGER PRIMARY KEY NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    state TEXT NOT NULL CHECK (state IN ('running', 'paused', 'cancelled', 'done')),
    prepared BOOLEAN NOT NULL DEFAULT 0,  -- whether every recipient has a row
    problem TEXT NOT NULL DEFAULT '',     -- why nothing goes out at the moment
    rest_until TIMESTAMP,                 -- nothing goes out before
    created_at TIMESTAMP NOT NULL,
    created_by INTEGER REFERENCES accounts (id),
    finished_at TIMESTAMP
);

CREATE TABLE mails (
    campaign_id INTEGER NOT NULL REFERENCES sendings (campaign_id) ON DELETE CASCADE,
    customer TEXT NOT NULL,
    -- attempting: being handed over at this moment; found so after a crash, it becomes unclear
    state TEXT NOT NULL CHECK (state IN
        ('queued', 'attempting', 'sent', 'refused', 'given_up', 'unclear', 'left_out', 'cancelled')),
    tries INTEGER NOT NULL DEFAULT 0,
    run_after TIMESTAMP NOT NULL,
    attempted_at TIMESTAMP,
    answer TEXT NOT NULL DEFAULT '',      -- what the server said last, or why none is sent
    PRIMARY KEY (campaign_id, customer)
) WITHOUT ROWID;
CREATE INDEX mails_by_state ON mails (campaign_id, state, customer);
CREATE INDEX mails_by_attempt ON mails (attempted_at) WHERE attempted_at IS NOT NULL;

CREATE TABLE unsubscribes (
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    customer TEXT NOT NULL,
    campaign_id INTEGER NOT NULL,         -- whose e-mail had the link
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (shop_id, customer)
) WITHOUT ROWID;
