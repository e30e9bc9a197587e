-- Stamps that nobody can forget to raise. A quote remembers the versions of what it was made of;
-- order.place compares them, so a rule or a price that changed in between is never charged unseen.

CREATE TRIGGER prices_stamp_insert AFTER INSERT ON prices BEGIN
  UPDATE variants SET version = version + 1 WHERE id = new.variant_id;
END;

CREATE TRIGGER prices_stamp_update AFTER UPDATE ON prices BEGIN
  UPDATE variants SET version = version + 1 WHERE id IN (old.variant_id, new.variant_id);
END;

CREATE TRIGGER prices_stamp_delete AFTER DELETE ON prices BEGIN
  UPDATE variants SET version = version + 1 WHERE id = old.variant_id;
END;

INSERT INTO revisions (name, value)
VALUES ('channels', 1), ('generation', 1), ('prices', 1), ('rules', 1), ('settings', 1);

CREATE TRIGGER price_lists_stamp_insert AFTER INSERT ON price_lists BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'prices';
END;

CREATE TRIGGER price_lists_stamp_update AFTER UPDATE ON price_lists BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'prices';
END;

CREATE TRIGGER price_lists_stamp_delete AFTER DELETE ON price_lists BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'prices';
END;

CREATE TRIGGER promotions_stamp_insert AFTER INSERT ON promotions BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'rules';
END;

CREATE TRIGGER promotions_stamp_update AFTER UPDATE ON promotions BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'rules';
END;

CREATE TRIGGER promotions_stamp_delete AFTER DELETE ON promotions BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'rules';
END;

CREATE TRIGGER coupons_stamp_insert AFTER INSERT ON coupons BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'rules';
END;

CREATE TRIGGER coupons_stamp_update AFTER UPDATE ON coupons BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'rules';
END;

CREATE TRIGGER coupons_stamp_delete AFTER DELETE ON coupons BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'rules';
END;

CREATE TRIGGER settings_stamp_insert AFTER INSERT ON settings BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'settings';
END;

CREATE TRIGGER settings_stamp_update AFTER UPDATE ON settings BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'settings';
END;

CREATE TRIGGER settings_stamp_delete AFTER DELETE ON settings BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'settings';
END;

CREATE TRIGGER channels_stamp_update AFTER UPDATE ON channels BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'channels';
END;

CREATE TRIGGER generations_stamp_insert AFTER INSERT ON generations BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'generation';
END;

CREATE TRIGGER generations_stamp_update AFTER UPDATE ON generations BEGIN
  UPDATE revisions SET value = value + 1 WHERE name = 'generation';
END;
