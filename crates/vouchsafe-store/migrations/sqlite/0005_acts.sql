-- What people did by hand. Rows are only ever added here; who did what, and why, is sealed.

CREATE TABLE acts (
    number      INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    -- 1 where it was written down before it was done: whether it was done is known by its end only.
    is_intended INTEGER NOT NULL,
    -- Sealed: who, what, why, before and after.
    record      BLOB NOT NULL,
    -- A keyed hash over the row, counted into the sum as the links of journals are.
    link        BLOB NOT NULL
) STRICT;

-- How what was intended ended.
CREATE TABLE act_ends (
    number INTEGER PRIMARY KEY REFERENCES acts,
    at     INTEGER NOT NULL,
    -- Sealed: why it was not done; nothing where it was.
    note   BLOB,
    -- A keyed hash over the row and the act's link.
    link   BLOB NOT NULL
) STRICT;

-- The number of the last act that is sealed with this key whatever it was sealed with before.
ALTER TABLE sealing_keys ADD COLUMN acts_resealed_to INTEGER NOT NULL DEFAULT 0;

-- For people: SELECT * FROM acts_in_words; what was done is told by `vouchsafe acts`.
CREATE VIEW acts_in_words AS
SELECT a.number,
       strftime('%Y-%m-%dT%H:%M:%fZ', a.at / 1000.0, 'unixepoch') AS at,
       CASE WHEN a.is_intended = 0 THEN 'done'
            WHEN e.number IS NULL THEN 'intended'
            WHEN e.note IS NULL THEN 'done'
            ELSE 'failed' END AS end,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1000.0, 'unixepoch') AS ended_at
FROM acts AS a
LEFT JOIN act_ends AS e ON e.number = a.number;
