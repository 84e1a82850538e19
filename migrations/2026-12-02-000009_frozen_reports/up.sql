-- A report of a closed window stays as it was first made: what comes later is shown beside it, never in its place.

ALTER TABLE reports ADD COLUMN frozen_at TIMESTAMP;
-- SHA-256 of what it was made from
ALTER TABLE reports ADD COLUMN fingerprint TEXT;
