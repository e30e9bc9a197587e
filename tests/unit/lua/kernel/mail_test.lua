local shop = require("support.shop")
shop.open()
local mail = require("kernel.mail")
local test = require("support.test")
local text = require("native.text")

local NOW <const> = 1767225600000 -- Thursday

local function compose(fields)
  local given = { to = "ada@example.com", subject = "Your order", text = "Thank you." }
  for name, value in pairs(fields or {}) do given[name] = value end
  return mail.compose(given, "shop@example.com", NOW, "id-1")
end

local function header(message, name)
  return ("\r\n" .. message):match("\r\n" .. name .. ": ([^\r]*)\r\n")
end

test.case("a plain mail has its headers and its text", function()
  local message = assert(compose())
  test.equal(header(message, "Date"), "Thu, 1 Jan 2026 00:00:00 +0000")
  test.equal(header(message, "To"), "<ada@example.com>")
  test.equal(header(message, "Message.ID"), "<id-1@example.com>")
  test.equal(text.unbase64((message:match("\r\n\r\n(.+)$"):gsub("%s", ""))), "Thank you.")
  for line in message:gmatch("([^\n]*)\n") do test.truthy(line:sub(-1) == "\r" and #line <= 79, line) end
end)

test.case("what is not ASCII is encoded, between characters", function()
  local subject = ("您的订单已发货，谢谢！"):rep(5)
  local message = assert(compose({ subject = subject, from_name = "Hafen & Zuhause „Läden“" }))
  local decoded = {}
  for word in message:match("Subject: (.-)\r\n%u"):gmatch("=%?UTF%-8%?B%?([%w+/=]+)%?=") do
    test.truthy(text.valid(text.unbase64(word)))
    decoded[#decoded + 1] = text.unbase64(word)
  end
  test.equal(table.concat(decoded), subject)
end)

test.case("HTML comes beside the text", function()
  local message = assert(compose({ html = "<p>Thank you.</p>" }))
  local boundary = message:match('boundary="([^"]+)"')
  test.equal(select(2, message:gsub("%-%-" .. boundary:gsub("%p", "%%%0"), "")), 3)
  test.truthy(message:find("Content-Type: text/html; charset=utf-8", 1, true))
end)

for _, case in ipairs({
  { "a second header in the subject", { subject = "Hello\r\nBcc: eve@example.com" } },
  { "a second header in the name", { from_name = "Shop\r\nBcc: eve@example.com" } },
}) do
  test.case("no way in: " .. case[1], function()
    local message = assert(compose(case[2]))
    test.equal(message:find("\r\nBcc", 1, true), nil)
  end)
end

for _, address in ipairs({ "ada@example.com\r\nBcc: eve@example.com", "ada", "ada@", "a@b@c", "ada@example.com, eve@example.com", "<ada@example.com>", "" }) do
  test.case("no address: " .. address:gsub("%c", "."), function()
    local message, err = compose({ to = address })
    test.equal({ message, err.code }, { nil, "mail.address" })
  end)
end

test.case("without a server nothing is sent, and it says what to set", function()
  local ok, err = mail.send({ to = "ada@example.com", subject = "x", text = "y" })
  test.equal({ ok, err.code }, { nil, "mail.off" })
  test.truthy(err.message:find("mail.host", 1, true))
end)
