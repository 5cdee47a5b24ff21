-- What proves that nothing was altered, and the keys that records are sealed with.

-- Sealed: the key that journals are chained with. It never changes.
ALTER TABLE store ADD COLUMN chain_key BLOB;

-- The keys that records are sealed with, themselves sealed with the key from the configuration. The newest is in use;
-- an older one stays until everything that it sealed is sealed anew. Records without the number of a key are sealed with
-- the key from the configuration itself.
CREATE TABLE sealing_keys (
    number      INTEGER PRIMARY KEY,
    key         BLOB NOT NULL,
    -- When an operator had it made; nothing for the first.
    made_at     INTEGER,
    -- The number of the last transaction that is sealed with this key whatever it was sealed with before.
    resealed_to INTEGER NOT NULL DEFAULT 0
) STRICT;

-- A journal is a chain: every event's link is a keyed hash over the event and the link before it; the first is over the
-- intent. `link` is the last one, `mark` a keyed hash over the row itself.
ALTER TABLE transactions ADD COLUMN link BLOB NOT NULL DEFAULT x'';
ALTER TABLE transactions ADD COLUMN mark BLOB NOT NULL DEFAULT x'';
ALTER TABLE events ADD COLUMN link BLOB NOT NULL DEFAULT x'';
ALTER TABLE forestalled ADD COLUMN link BLOB NOT NULL DEFAULT x'';

-- One row, sealed: the sum over all links ever made, so that none can be taken away unnoticed, nor a whole journal.
CREATE TABLE total (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    sum      BLOB NOT NULL
) STRICT;

-- One row: up to which transaction what was said in it has been destroyed, as far as it had ended.
CREATE TABLE retention (
    only_row     INTEGER PRIMARY KEY CHECK (only_row = 1),
    destroyed_to INTEGER NOT NULL
) STRICT;
-- Those before it that had not ended then.
CREATE TABLE kept_longer (
    number INTEGER PRIMARY KEY REFERENCES transactions
) STRICT;
INSERT INTO retention VALUES (1, 0);
