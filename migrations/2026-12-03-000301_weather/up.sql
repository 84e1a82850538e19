-- What the weather service said of a day. The newest answer counts; a fault is kept so that a service that is away is
-- not asked with every page.

CREATE TABLE weather_days (
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    day DATE NOT NULL,
    asked_at TIMESTAMP NOT NULL,
    fault TEXT NOT NULL,       -- empty: the last answer was one
    told_at TIMESTAMP,         -- when `told` was told; NULL: never yet
    told TEXT NOT NULL,        -- JSON; empty before the first answer
    PRIMARY KEY (shop_id, day)
);
