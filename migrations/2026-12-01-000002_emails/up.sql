-- What a shop's e-mails look like, a campaign's e-mail, and what people said of single recipients' picks.

CREATE TABLE email_settings (
    shop_id INTEGER PRIMARY KEY NOT NULL REFERENCES shops (id),
    colour TEXT NOT NULL,                 -- #rrggbb
    logo_url TEXT NOT NULL,
    sender_name TEXT NOT NULL,
    footer TEXT NOT NULL,
    unsubscribe_url TEXT NOT NULL,        -- an address, or what the e-mail tool puts one for
    updated_at TIMESTAMP NOT NULL,
    updated_by INTEGER REFERENCES accounts (id)
);

CREATE TABLE campaign_emails (
    campaign_id INTEGER PRIMARY KEY NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    subject TEXT NOT NULL,
    preheader TEXT NOT NULL,
    mjml TEXT NOT NULL,
    version INTEGER NOT NULL,             -- grows with each edit, as a campaign's does
    updated_at TIMESTAMP NOT NULL,
    updated_by INTEGER REFERENCES accounts (id)
);

CREATE TABLE recipient_verdicts (
    campaign_id INTEGER NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
    generation TEXT NOT NULL,             -- of other picks nothing was said
    customer TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('approved', 'flagged')),
    at TIMESTAMP NOT NULL,
    account_id INTEGER REFERENCES accounts (id),
    PRIMARY KEY (campaign_id, generation, customer)
);
