-- How far a campaign's recipients were given to the shop's listmonk, and how that ended.

CREATE TABLE listmonk_pushes (
    campaign_id INTEGER PRIMARY KEY NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    generation TEXT NOT NULL,   -- another one begins anew
    list_name TEXT NOT NULL,
    looked_at BIGINT NOT NULL,  -- of the recipients, in their order
    given BIGINT NOT NULL,
    refused BIGINT NOT NULL,
    refusal TEXT NOT NULL,      -- why the first of them was refused
    finished_at TIMESTAMP       -- NULL: not yet
);
