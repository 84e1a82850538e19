-- How many bought of the customers whom a campaign's products would have found some time ago.

CREATE TABLE hindsights (
    campaign_id INTEGER PRIMARY KEY NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    asked TEXT NOT NULL,   -- hash of what it depends on: another question needs another answer
    told TEXT NOT NULL,    -- JSON
    at TIMESTAMP NOT NULL
);
