-- Reports by e-mail: who asked for them, and what became of each one.

CREATE TABLE report_readers (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    address TEXT NOT NULL COLLATE NOCASE,
    is_weekly BOOLEAN NOT NULL,           -- what all campaigns earned, every week
    is_at_close BOOLEAN NOT NULL,         -- a campaign's report, once its last day is over and known
    since TIMESTAMP NOT NULL,             -- what was due before is not sent
    added_by INTEGER REFERENCES accounts (id),
    UNIQUE (shop_id, address)
);

CREATE TABLE report_letters (
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    report TEXT NOT NULL,                 -- "campaign 7" or "week 2026-11-30"
    address TEXT NOT NULL COLLATE NOCASE,
    state TEXT NOT NULL CHECK (state IN ('queued', 'attempting', 'sent', 'refused', 'given_up', 'unclear')),
    tries INTEGER NOT NULL DEFAULT 0,
    run_after TIMESTAMP NOT NULL,
    made_at TIMESTAMP NOT NULL,
    attempted_at TIMESTAMP,
    answer TEXT NOT NULL DEFAULT '',      -- the mail server's, or why it rests
    PRIMARY KEY (shop_id, report, address)
) WITHOUT ROWID;
CREATE INDEX report_letters_by_state ON report_letters (state, run_after);
