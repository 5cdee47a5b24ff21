-- Transactions, their journals and the advices they owe.
--
-- Rows are appended in the order of commits and kept narrow. Times are milliseconds since 1970. A word
-- (kind, state, event and so on) is its place in its list, see the table "words". Requests and outcomes are
-- sealed: no code, PIN or personal data is readable here. Look into the views at the end of this file first.

-- One row: the store itself.
CREATE TABLE store (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    -- Sealed with the store's key: proves at every start that the key is still the same.
    seal     BLOB NOT NULL,
    -- How often somebody made sure that the store takes writes.
    checks   INTEGER NOT NULL
) STRICT;

-- What the places of words mean. Filled by the switch at every start, for people and for the views.
CREATE TABLE words (
    list  TEXT NOT NULL,
    place INTEGER NOT NULL,
    word  TEXT NOT NULL,
    PRIMARY KEY (list, place)
) STRICT, WITHOUT ROWID;

-- Channels and providers.
CREATE TABLE names (
    number INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE transactions (
    number          INTEGER PRIMARY KEY,
    request_id      BLOB NOT NULL,
    -- Bit n: the n-th digit of the id was written as a capital letter.
    capitals        INTEGER NOT NULL,
    kind            INTEGER NOT NULL,
    channel         INTEGER NOT NULL REFERENCES names,
    provider        INTEGER NOT NULL REFERENCES names,
    -- The id towards the provider where it is not the request's own.
    upstream_id     BLOB,
    -- Messaging style, + 16 if the provider takes confirmations, + 32 if it takes reversals.
    terms           INTEGER NOT NULL,
    asked_amount    INTEGER,
    asked_currency  INTEGER,
    asked_indicator INTEGER,
    opened_at       INTEGER NOT NULL,
    state           INTEGER NOT NULL,
    -- How many events were recorded.
    version         INTEGER NOT NULL,
    -- When the switch itself must look at it again.
    due_at          INTEGER,
    -- Sealed. Last, so that whatever reads the columns above never follows it to other pages.
    request         BLOB NOT NULL
) STRICT;

-- The id comes first: ids of our time are made in the order of time, and neighbours share a page. The index
-- also answers whether another channel has used the same id.
CREATE UNIQUE INDEX transactions_by_key ON transactions (request_id, kind, channel);
-- Nearly empty: an id towards a provider is hardly ever another than the request's.
CREATE UNIQUE INDEX transactions_by_upstream_id ON transactions (upstream_id, kind) WHERE upstream_id IS NOT NULL;
CREATE INDEX transactions_by_due_at ON transactions (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE events (
    -- The transaction's number * 2^20 + the version the event led to: a journal is one range of one tree.
    position INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    event    INTEGER NOT NULL,
    state    INTEGER NOT NULL,
    -- Sealed.
    outcome  BLOB
) STRICT;

CREATE TABLE advices (
    -- The position of the event that the advice was queued with.
    position     INTEGER PRIMARY KEY,
    id           BLOB NOT NULL,
    capitals     INTEGER NOT NULL,
    advice       INTEGER NOT NULL,
    provider     INTEGER NOT NULL REFERENCES names,
    first_due_at INTEGER NOT NULL,
    state        INTEGER NOT NULL DEFAULT 0,
    attempts     INTEGER NOT NULL DEFAULT 0,
    due_at       INTEGER NOT NULL
) STRICT;

CREATE INDEX advices_open ON advices (provider, due_at) WHERE state = 0;

-- For people: SELECT * FROM transactions_in_words ORDER BY number DESC LIMIT 20;
CREATE VIEW transactions_in_words AS
SELECT t.number,
       c.name AS channel,
       k.word AS kind,
       lower(substr(hex(t.request_id), 1, 8) || '-' || substr(hex(t.request_id), 9, 4) || '-' ||
             substr(hex(t.request_id), 13, 4) || '-' || substr(hex(t.request_id), 17, 4) || '-' ||
             substr(hex(t.request_id), 21)) AS request_id,
       s.word AS state,
       t.version,
       p.name AS provider,
       t.asked_amount,
       t.asked_currency,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.opened_at / 1000.0, 'unixepoch') AS opened_at,
       strftime('%Y-%m-%dT%H:%M:%fZ', t.due_at / 1000.0, 'unixepoch') AS due_at
FROM transactions AS t
JOIN names AS c ON c.number = t.channel
JOIN names AS p ON p.number = t.provider
LEFT JOIN words AS k ON k.list = 'kind' AND k.place = t.kind
LEFT JOIN words AS s ON s.list = 'state' AND s.place = t.state;

-- For people: SELECT * FROM journal_in_words WHERE number = 7;
CREATE VIEW journal_in_words AS
SELECT e.position >> 20 AS number,
       e.position & 1048575 AS version,
       strftime('%Y-%m-%dT%H:%M:%fZ', e.at / 1000.0, 'unixepoch') AS at,
       v.word AS event,
       s.word AS state,
       a.word AS advice,
       i.word AS advice_state,
       d.attempts AS advice_attempts
FROM events AS e
LEFT JOIN advices AS d ON d.position = e.position
LEFT JOIN words AS v ON v.list = 'event' AND v.place = e.event
LEFT JOIN words AS s ON s.list = 'state' AND s.place = e.state
LEFT JOIN words AS a ON a.list = 'advice' AND a.place = d.advice
LEFT JOIN words AS i ON i.list = 'advice state' AND i.place = d.state;
