---@meta
--- Made by `merx plugin reference` of lua/kernel/sandbox/shop.lua: change it there.

---@class shop
shop = {}

--- JSON, as everywhere in Merx: integers stay integers.
---@type shop.json
shop.json = nil

--- The kind of the running handler: "pure", "view", "command" or "effect".
---@return string
function shop.kind() end

--- A secret of the plugin's settings, as a handle: it may stand in a header, in a form field and in shop.crypto, and is
--- never readable.
---@param name string of a setting of the type secret
---@return table handle
function shop.secret(name) end

--- Asks a service of another plugin, which `capabilities.services` names.
---@param name string "publisher.name/service"
---@param input table
---@return any answer
---@return shop.Error? err
function shop.service(name, input) end

--- Runs a command of the shop or of the plugin, which `capabilities.commands` names (its own need not be named).
---@param name string
---@param args table
---@param options? { key?: string } key: idempotency key
---@return table? result
---@return shop.Error? err
function shop.command(name, args, options) end

--- A line in the log, with the plugin's name.
---@param message string
---@param fields? table<string, any>
function shop.log(message, fields) end

--- The time in milliseconds UTC; not in pure handlers, which name `now` as an input.
---@return integer
function shop.now() end

--- The settings of the plugin as a whole, by name; those of a handler are its second argument.
---@type table<string, any>
shop.settings = nil

---@class shop.Error an expected failure
---@field code string dotted name to compare, as "http.busy"
---@field message string for the log

---@class shop.HttpOptions
---@field headers? table<string, string|table> a value may be a handle of shop.secret()
---@field body? string
---@field form? table<string, string|integer|table> instead of body; a value may be a handle of shop.secret()
---@field json? any instead of body
---@field auth? string|table a token, or a handle of shop.secret(), for the header Authorization
---@field scheme_of_auth? string "Bearer" when absent
---@field timeout? integer seconds, 1 to 30; 10 when absent
---@field redirects? boolean false: redirects of GET are not followed

---@class shop.HttpRequest: shop.HttpOptions
---@field url string
---@field method? string "GET" when absent

---@class shop.HttpReply
---@field status integer
---@field headers table<string, string> names in lower case
---@field body string

--- A text of the plugin's own messages in a language.
---@param locale string
---@param key string
---@param args? table<string, any>
---@return string? text nil when there is no such message
function shop.words(locale, key, args) end

--- An amount as people of a language write it.
---@param locale string
---@param amount integer minor units
---@param currency string
---@return string
function shop.money(locale, amount, currency) end

shop.http = {}

--- Sends a request to a host that `capabilities.http` names, and waits for the answer.
---@param request shop.HttpRequest
---@return shop.HttpReply? reply nil when there was none
---@return shop.Error? err
function shop.http.request(request) end

--- Reads what an address has; the options and the answer are those of shop.http.request.
---@param url string
---@param options? shop.HttpOptions
---@return shop.HttpReply? reply
---@return shop.Error? err
function shop.http.get(url, options) end

--- Posts a body, a form or JSON to an address; the options and the answer are those of shop.http.request.
---@param url string
---@param options? shop.HttpOptions
---@return shop.HttpReply? reply
---@return shop.Error? err
function shop.http.post(url, options) end

--- Puts a body, a form or JSON at an address; the options and the answer are those of shop.http.request.
---@param url string
---@param options? shop.HttpOptions
---@return shop.HttpReply? reply
---@return shop.Error? err
function shop.http.put(url, options) end

--- Changes what an address has; the options and the answer are those of shop.http.request.
---@param url string
---@param options? shop.HttpOptions
---@return shop.HttpReply? reply
---@return shop.Error? err
function shop.http.patch(url, options) end

--- Deletes what an address has; the options and the answer are those of shop.http.request.
---@param url string
---@param options? shop.HttpOptions
---@return shop.HttpReply? reply
---@return shop.Error? err
function shop.http.delete(url, options) end

shop.mail = {}

--- Sends a mail from the shop's address.
---@param mail { to: string, subject: string, text: string, html?: string, reply_to?: string }
---@return true? ok
---@return shop.Error? err
function shop.mail.send(mail) end

shop.storage = {}

--- Keeps a file of the plugin, in place of one of that name: 8 MiB at most, and all of them together no more than
--- `capabilities.storage`. The old content stays or the new is there, never half.
---@param name string small letters, digits, dots, dashes and underscores
---@param bytes string
---@return true? ok
---@return shop.Error? err code "storage.full"
function shop.storage.put(name, bytes) end

--- What a file of the plugin has in it.
---@param name string
---@return string? bytes
---@return shop.Error? err code "storage.missing"
function shop.storage.get(name) end

--- The files of the plugin, by name.
---@return { name: string, size: integer, modified: integer }[] files modified: milliseconds UTC
function shop.storage.list() end

--- Deletes a file of the plugin. One that is not there is fine.
---@param name string
---@return true? ok
---@return shop.Error? err
function shop.storage.delete(name) end

shop.db = {}

--- SQL on the plugin's own tables (p_publisher_name_…; p_acme_2_book_club_… for acme.book-club) and on the views that `capabilities.read` names.
---@param sql string
---@param params? table<string, any>
---@return table[] rows
function shop.db.many(sql, params) end

--- The first row of a query, or nil.
---@param sql string
---@param params? table<string, any>
---@return table? row
function shop.db.one(sql, params) end

--- The first value of the first row, or nil.
---@param sql string
---@param params? table<string, any>
---@return any
function shop.db.value(sql, params) end

--- Changes rows of the plugin's own tables; in command handlers only.
---@param sql string
---@param params? table<string, any>
---@return integer changes
---@return integer last_id
function shop.db.run(sql, params) end

shop.tx = {}

--- In command handlers: an id that is the same when the command is run again.
---@return string
function shop.tx.uuid() end

--- In command handlers: a fact for the outbox. Its name begins with the plugin's id.
---@param event string as "acme.points.earned"
---@param key string facts of one key are delivered in order
---@param body table
function shop.tx.emit(event, key, body) end

--- In command handlers: takes from an account of the plugin's own, all or nothing.
---@param kind string one of `capabilities.accounts`
---@param owner_id integer
---@param quantity integer
---@param key? string
---@return { balance: integer, held: integer }? account
---@return shop.Error? err code "account.short"
function shop.tx.take(kind, owner_id, quantity, key) end

--- In command handlers: puts into an account of the plugin's own.
---@param kind string
---@param owner_id integer
---@param quantity integer
---@param key? string
---@return { balance: integer, held: integer }? account
---@return shop.Error? err
function shop.tx.put(kind, owner_id, quantity, key) end

--- What is in an account of the plugin's own.
---@param kind string one of `capabilities.accounts`
---@param owner_id integer
---@param key? string
---@return { balance: integer, held: integer }
function shop.account(kind, owner_id, key) end

shop.crypto = {}

--- Whether `signature` is the HMAC-SHA256 of `text` under a secret: bytes, hex or base64. Takes the same time for all that are wrong.
---@param secret table of shop.secret()
---@param text string
---@param signature string
---@return boolean
function shop.crypto.hmac_sha256_ok(secret, text, signature) end

--- The HMAC-SHA256 of a text under a secret.
---@param secret table of shop.secret()
---@param text string
---@param spelling? "hex"|"base64" hex without it
---@return string
function shop.crypto.hmac_sha256(secret, text, spelling) end

--- Whether a text is a secret. Takes the same time for all that are not.
---@param secret table of shop.secret()
---@param text string
---@return boolean
function shop.crypto.equal(secret, text) end

--- The SHA-256 of a text.
---@param text string
---@return string hex
function shop.crypto.sha256(text) end

--- A text in base64.
---@param text string
---@return string
function shop.crypto.base64(text) end
