-- E-mails that could not be delivered, and what an e-mail tool's file says of a campaign's recipients.

CREATE TABLE bounces (
    shop_id INTEGER NOT NULL REFERENCES shops (id),
    customer TEXT NOT NULL,
    campaign_id INTEGER NOT NULL,         -- whose e-mail came back
    is_hard BOOLEAN NOT NULL,             -- nothing will ever arrive there
    address TEXT NOT NULL,                -- where it was sent, in lower case; empty when nobody knows
    reason TEXT NOT NULL,                 -- as the mail server or the tool said it
    at TIMESTAMP NOT NULL,
    PRIMARY KEY (shop_id, customer, campaign_id)
) WITHOUT ROWID;
CREATE INDEX bounces_by_campaign ON bounces (campaign_id);

-- Seen by the e-mail tool, not by Handpick: a further file of the tool replaces it.
ALTER TABLE responses ADD COLUMN from_file BOOLEAN NOT NULL DEFAULT 0;
