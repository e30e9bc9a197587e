--- Mails as their readers see them: out of the bytes that were sent, the subject and the texts.
local text = require("native.text")

local mails = {}

-- RFC 2047, as this engine writes it.
local function decode_words(value)
  value = value:gsub("%?=\r\n =%?UTF%-8%?B%?", "?==?UTF-8?B?")
  return (value:gsub("=%?UTF%-8%?B%?(.-)%?=", text.unbase64))
end

-- A header, which goes on in lines that begin with a space.
local function header(message, name)
  local head = message:match("^(.-\r\n)\r\n") or message
  local rest = head:match("\r\n" .. name .. ": (.*)$")
  return rest and rest:sub(1, (rest:find("\r\n[^ ]") or #rest - 1) - 1)
end

local function part(message, kind)
  local encoded = message:match("Content%-Type: " .. kind .. "; charset=utf%-8\r\nContent%-Transfer%-Encoding: base64\r\n\r\n([%w+/=\r\n]*)")
  return encoded and text.unbase64((encoded:gsub("%s", ""))) or nil
end

--- What was handed to the mail server.
---@param sent { from: string, to: string[], message: string }
---@return { from: string, to: string, subject: string, text: string?, html: string?, message: string }
function mails.read(sent)
  local message = "\r\n" .. sent.message
  return {
    from = sent.from, to = table.concat(sent.to, ", "), subject = decode_words(header(message, "Subject") or ""),
    text = part(message, "text/plain"), html = part(message, "text/html"), message = sent.message,
  }
end

return mails
