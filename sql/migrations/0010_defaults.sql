-- What a new shop begins with: one storefront, one price list, one place where goods lie, one theme.

INSERT INTO price_lists (handle, title, currency, created_at, updated_at)
VALUES ('default', 'Prices', 'EUR', unixepoch() * 1000, unixepoch() * 1000);

INSERT INTO themes (handle, title, state, created_at, updated_at)
VALUES ('default', 'Default', 'live', unixepoch() * 1000, unixepoch() * 1000);

INSERT INTO channels (handle, title, locale, locales, currency, currencies, country, price_list_id, theme_id,
                      created_at, updated_at)
SELECT 'web', 'Web', 'en', '["en","zh-CN"]', 'EUR', '["EUR"]', 'DE', p.id, t.id, unixepoch() * 1000, unixepoch() * 1000
  FROM price_lists AS p, themes AS t;

INSERT INTO locations (handle, title, created_at, updated_at)
VALUES ('main', 'Store room', unixepoch() * 1000, unixepoch() * 1000);

INSERT INTO menus (handle, title, created_at, updated_at)
VALUES ('main-menu', 'Main menu', unixepoch() * 1000, unixepoch() * 1000),
       ('footer', 'Footer', unixepoch() * 1000, unixepoch() * 1000);
