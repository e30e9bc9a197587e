---@meta native.client
--- The way out: requests and mail to other servers, through one guarded door. A call waits for the
--- answer; in the server only the jobs thread has it, and the task yields.

---@class native.client
local client = {}

--- One place that may be reached: "api.example.com", "*.example.com", with ":port" when it is not the scheme's own.
---@class native.client.Place
---@field host string
---@field plain? boolean http as well as https

--- Whose turn it is: requests wait only for those of their own pool, and mostly for those to the same host.
---@class native.client.Pool
---@field name? string all that name none share one
---@field at_once? integer 4 without it, 64 at most
---@field per_host? integer half of `at_once` without it

---@class native.client.Request
---@field method? string GET without it
---@field url string absolute, without user name and fragment
---@field headers? table<string, string>
---@field body? string
---@field places native.client.Place[] the allow-list
---@field connect_ms? integer 5000 without it
---@field total_ms? integer 30000 without it, the wait for a turn included
---@field body_max? integer bytes of the answer, as sent and unpacked; 1 MiB without it, 64 MiB at most
---@field redirects? integer how many are followed, each checked against the list; 0 without it, 10 at most
---@field pin? string "sha256//…" of the server's public key
---@field pool? native.client.Pool

---@class native.client.Reply
---@field status integer
---@field headers table<string, string> names in lower case; values of one name joined by ", "
---@field body string unpacked; of mail: the server's last line
---@field elapsed_ms integer

---@class native.client.Server
---@field host string
---@field port? integer 465 without it
---@field security? "tls"|"starttls"|"plain" plain only to this machine
---@field user? string
---@field password? string
---@field name? string how this shop greets; the machine's name without it
---@field total_ms? integer 30000 without it

---@class native.client.Mail
---@field server native.client.Server
---@field from string envelope address
---@field to string[] envelope addresses
---@field message string RFC 5322, lines ending in CR LF

--- Sends a request, once (GET, HEAD and OPTIONS perhaps twice). Error codes: "invalid" (not allowed, or no address that may
--- be reached), "busy" (time, or too many wait), "limit", "system" (name, connection, TLS).
---@param request native.client.Request
---@return native.client.Reply? reply
---@return native.Error? err
function client.request(request) end

--- Sends a mail, to all of `to` or to nobody. A server that refuses is a reply with its status (550 and the like).
---@param mail native.client.Mail
---@return native.client.Reply? reply
---@return native.Error? err
function client.mail(mail) end

return client
