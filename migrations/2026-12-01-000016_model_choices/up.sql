-- Which model somebody decided on, and why. The newest row counts.

CREATE TABLE model_choices (
    id INTEGER PRIMARY KEY NOT NULL,
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    model_id INTEGER REFERENCES models (id),  -- NULL: Handpick chooses again
    note TEXT NOT NULL,
    chosen_at TIMESTAMP NOT NULL,
    chosen_by INTEGER REFERENCES accounts (id)
);
CREATE INDEX model_choices_by_shop ON model_choices (shop_id);
