-- A model's file may be damaged, missing, or of a kind that an earlier release wrote: such a model is passed over.

ALTER TABLE models ADD COLUMN unreadable TEXT; -- why its file could not be read; NULL while it can
