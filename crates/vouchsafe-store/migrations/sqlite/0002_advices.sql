-- What delivery, recovery, orphans and operators need to find without walking through all that ever was.

-- Requests whose reversal came before them: never to be asked of any provider. Their rows stay for good.
CREATE TABLE forestalled (
    request_id        BLOB NOT NULL,
    kind              INTEGER NOT NULL,
    channel           INTEGER NOT NULL REFERENCES names,
    at                INTEGER NOT NULL,
    -- The reversal that came first, and which of its digits were written as capital letters.
    reversal_id       BLOB NOT NULL,
    reversal_capitals INTEGER NOT NULL,
    PRIMARY KEY (request_id, kind, channel)
) STRICT, WITHOUT ROWID;

-- What kept the last attempt to deliver it.
ALTER TABLE advices ADD COLUMN hindrance INTEGER;
-- 1 once the provider has said that it does not know the request.
ALTER TABLE advices ADD COLUMN not_found INTEGER NOT NULL DEFAULT 0;
-- Sealed: what a person should know of it.
ALTER TABLE events ADD COLUMN note BLOB;

-- One range for each state.
DROP INDEX transactions_by_due_at;
CREATE INDEX transactions_by_due_at ON transactions (state, due_at) WHERE due_at IS NOT NULL;
-- 8 is "orphaned".
CREATE INDEX transactions_orphaned ON transactions (number) WHERE state = 8;

-- With the time that it was first due, so that counting what is open reads nothing but this.
DROP INDEX advices_open;
CREATE INDEX advices_open ON advices (provider, due_at, first_due_at) WHERE state = 0;
CREATE INDEX advices_by_id ON advices (id);

-- For people: SELECT * FROM journal_in_words WHERE number = 7;
DROP VIEW journal_in_words;
CREATE VIEW journal_in_words AS
SELECT e.position >> 20 AS number,
       e.position & 1048575 AS version,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1000.0, 'unixepoch') AS at,
       v.word AS event,
       s.word AS state,
       a.word AS advice,
       i.word AS advice_state,
       d.attempts AS advice_attempts,
       h.word AS advice_hindrance,
       CASE WHEN d.state = 0 THEN strftime('%Y-%m-%dT%H:%M:%fZ', d.due_at / 1000.0, 'unixepoch') END AS advice_due_at
FROM events AS e
LEFT JOIN advices AS d ON d.position = e.position
LEFT JOIN words AS v ON v.list = 'event' AND v.place = e.event
LEFT JOIN words AS s ON s.list = 'state' AND s.place = e.state
LEFT JOIN words AS a ON a.list = 'advice' AND a.place = d.advice
LEFT JOIN words AS i ON i.list = 'advice state' AND i.place = d.state
LEFT JOIN words AS h ON h.list = 'hindrance' AND h.place = d.hindrance;

-- What a check writes besides its number: as much as a sale takes.
ALTER TABLE store ADD COLUMN padding BLOB;
