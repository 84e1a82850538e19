-- Filters of customers under a name, to be used by many campaigns.

CREATE TABLE segments (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    name TEXT NOT NULL,
    audience TEXT NOT NULL,               -- the filters, as in a campaign's plan (JSON)
    updated_at TIMESTAMP NOT NULL,
    updated_by INTEGER REFERENCES accounts (id),
    UNIQUE (shop_id, name)
);
