-- What was kept for long enough goes by the order of commits, for clocks are put forward and back.

-- When the last transaction was opened of all that were looked at, but for those that were dated ahead; nothing before the
-- first look.
ALTER TABLE retention ADD COLUMN reached INTEGER;
