-- What recipients did with e-mails that Handpick sent, as it was seen; what people did is told from what programs did later.

CREATE TABLE responses (
    id INTEGER PRIMARY KEY NOT NULL,
    campaign_id INTEGER NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    customer TEXT NOT NULL,
    -- trap: a link that no person sees
    kind TEXT NOT NULL CHECK (kind IN ('open', 'click', 'trap')),
    slot INTEGER,
    product TEXT,
    at TIMESTAMP NOT NULL,
    by_program BOOLEAN NOT NULL           -- it said itself that it is one
);
CREATE INDEX responses_by_campaign ON responses (campaign_id, customer, at);
