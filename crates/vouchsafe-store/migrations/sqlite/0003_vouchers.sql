-- Vouchers that are looked up, redeemed and refunded, and what channels say of their own transactions.

-- Sealed: the key that the names of vouchers (codes, serial numbers) are hashed with. It never changes.
ALTER TABLE store ADD COLUMN voucher_key BLOB;
-- Sealed: the confirmation or reversal as the channel sent it.
ALTER TABLE events ADD COLUMN advised BLOB;

-- Which transactions a voucher was issued, redeemed or refunded by. A name is 64 bits of a keyed hash, so it lands
-- anywhere in an index; the partition (the transaction's number / 4096) keeps what is written now on a few pages.
CREATE TABLE vouchers (
    partition INTEGER NOT NULL,
    name      INTEGER NOT NULL,
    number    INTEGER NOT NULL,
    PRIMARY KEY (partition, name, number)
) STRICT, WITHOUT ROWID;

-- 2 is "approved". Those that the switch confirms by itself have a due time.
CREATE INDEX transactions_unfinalised ON transactions (number) WHERE state = 2 AND due_at IS NULL;
