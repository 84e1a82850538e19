-- Rules under a name, to be used by many campaigns; every change is kept with who made it and when.

CREATE TABLE rule_sets (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    name TEXT NOT NULL,
    UNIQUE (shop_id, name)
);

CREATE TABLE rule_set_versions (
    set_id INTEGER NOT NULL REFERENCES rule_sets (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,             -- from 1; the highest is what the name stands for
    rules TEXT NOT NULL,                  -- as in a campaign's plan (JSON)
    restores INTEGER,                     -- the version that it brought back
    at TIMESTAMP NOT NULL,
    account_id INTEGER REFERENCES accounts (id),
    PRIMARY KEY (set_id, version)
);
