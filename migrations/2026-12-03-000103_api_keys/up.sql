-- Keys with which programs ask Handpick, each for one kind of question.

CREATE TABLE api_keys (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    name TEXT NOT NULL,                   -- which program has it
    scope TEXT NOT NULL,                  -- what it may: reports
    key_hash TEXT NOT NULL UNIQUE,        -- SHA-256: a stolen backup opens nothing
    made_by INTEGER REFERENCES accounts (id),
    made_at TIMESTAMP NOT NULL,
    revoked_at TIMESTAMP,
    last_used_at TIMESTAMP
);
