-- The door out, as Lua sees it. What is really sent is tested with servers in tests/unit/core/client.
local client = require("native.client")
local test = require("support.test")

local function ask(changes)
  local request = { url = "https://api.example.com/", places = { { host = "api.example.com" } } }
  for name, value in pairs(changes) do request[name] = value end
  return client.request(request)
end

local function says(text, ...)
  test.contains(test.fails("invalid", ...).message, text)
end

test.group("native.client.request", function()
  test.case("reaches only what is on the list", function()
    says("the allow-list is empty", ask({ places = {} }))
    says("evil.example:443 is not", ask({ url = "https://evil.example/" }))
    says("is not on the allow-list (api.example.com)", ask({ url = "https://api.example.com.evil.example/" }))
    says("is not on the allow-list", ask({ url = "https://api.example.com:8443/" }))
    says("use https", ask({ url = "http://api.example.com/" }))
    says("must begin with https://", ask({ url = "ftp://api.example.com/" }))
    says("user name", ask({ url = "https://me:secret@api.example.com/" }))
    says("cannot stand in an allow-list", ask({ places = { { host = "*" } } }))
  end)

  test.case("never reaches this machine", function()
    says("127.0.0.1 (loopback)", ask({ url = "https://127.0.0.1:1/", places = { { host = "127.0.0.1:1" } } }))
    says("127.0.0.1 (loopback)", ask({ url = "https://2130706433:1/", places = { { host = "127.0.0.1:1" } } }))
    says("(loopback)", ask({ url = "https://localhost:1/", places = { { host = "localhost:1" } } }))
    says("(metadata)", ask({ url = "http://169.254.169.254/", places = { { host = "169.254.169.254", plain = true } } }))
    says("(loopback)", ask({ url = "https://[::ffff:127.0.0.1]:1/", places = { { host = "[::ffff:127.0.0.1]:1" } } }))
  end)

  test.case("no field brings another one in", function()
    says("line break", ask({ headers = { ["X-A"] = "1\r\nX-B: 2" } }))
    says("no name of a header field", ask({ headers = { ["X-A: 1\r\nX-B"] = "2" } }))
    says("sets the field 'Host' itself", ask({ headers = { Host = "other.example" } }))
    says("no method", ask({ method = "GET / HTTP/1.1\r\nX: y" }))
    says("control character", ask({ url = "https://api.example.com/\r\nX: y" }))
  end)

  test.case("wrong arguments raise and say which", function()
    test.raises("table expected", client.request, "https://api.example.com/")
    test.raises("'url' must be a string", ask, { url = 7 })
    test.raises("'headers' must be a table", ask, { headers = "X: y" })
    test.raises("'headers' must have names and values that are strings", ask, { headers = { a = 1 } })
    test.raises("'places' must be a list of", ask, { places = { "api.example.com" } })
    test.raises("'total_ms' must be from 1 to 600000", ask, { total_ms = 0 })
    test.raises("'redirects' must be from 0 to 10", ask, { redirects = 11 })
    test.raises("'body_max' must be an integer", ask, { body_max = 1.5 })
    test.raises("'at_once' must be from 0 to 64", ask, { pool = { at_once = 65 } })
    says("a pin is sha256//", ask({ pin = "/etc/passwd" }))
  end)
end)

local MESSAGE <const> = "From: shop@example.com\r\nTo: ada@example.com\r\nSubject: Hello\r\n\r\nHello.\r\n"

local function send(changes, server)
  local mail = {
    from = "shop@example.com", to = { "ada@example.com" }, message = MESSAGE,
    server = { host = "192.0.2.1", security = "plain", port = 25, total_ms = 2000 },
  }
  for name, value in pairs(changes) do mail[name] = value end
  for name, value in pairs(server or {}) do mail.server[name] = value end
  return client.mail(mail)
end

test.group("native.client.mail", function()
  test.case("open text goes to this machine only", function()
    says("TLS or STARTTLS only", send({}))
  end)

  test.case("addresses are addresses", function()
    says("no address that mail can be sent to", send({ from = "Shop <shop@example.com>" }))
    says("no address that mail can be sent to", send({ to = { "ada@example.com>\r\nRCPT TO:<eve@example.com" } }))
    says("1 to 100 addresses", send({ to = {} }))
  end)

  test.case("a mail has each field once and clean lines", function()
    says("'subject' twice", send({ message = "From: a@b.c\r\nSubject: x\r\nSubject: y\r\n\r\n" }))
    says("leave Bcc out", send({ message = "From: a@b.c\r\nBcc: eve@example.com\r\n\r\n" }))
    says("line 1 of the mail does not end in CR LF", send({ message = "From: a@b.c\n\nx\n" }))
    says("no empty line", send({ message = "From: a@b.c\r\n" }))
    says("no field From", send({ message = "To: a@b.c\r\n\r\n" }))
  end)

  test.case("wrong arguments raise and say which", function()
    test.raises("'security' must be tls, starttls or plain", send, {}, { security = "none" })
    test.raises("'port' must be from 1 to 65535", send, {}, { port = 0 })
    test.raises("'to' must be a list of addresses", send, { to = { 7 } })
    says("no mail server", send({}, { host = "mail example" }))
  end)
end)
