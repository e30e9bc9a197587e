--- Where secret keys and their passwords come from, for those that sign.
local fs = require("native.fs")
local minisign = require("native.minisign")

local key = {}

--- The password in the first line of a file; "" without a file.
---@param path? string "-": standard input
---@return string? password
---@return { code: string, message: string }? err
function key.password(path)
  if not path then return "" end
  if path == "-" then return io.read("l") or "" end
  local bytes, err = fs.read(path)
  if not bytes then return nil, err end
  return (bytes:match("^[^\r\n]*"))
end

--- A secret key that can be used, with its password.
---@param path string
---@param password_file? string
---@return { secret: string, password: string, public: string, id: string }?
---@return { code: string, message: string }? err
function key.open(path, password_file)
  local secret, err = fs.read(path)
  if not secret then return nil, err end
  if minisign.is_locked(secret) and not password_file then
    return nil, { code = "invalid", message = path .. " is locked: name the file with its password with --password-file" }
  end
  local password, unread = key.password(password_file)
  if not password then return nil, unread end
  local public, wrong = minisign.public_of(secret, password)
  if not public then return nil, { code = wrong.code, message = path .. ": " .. wrong.message } end
  return { secret = secret, password = password, public = public, id = assert(minisign.key_id(public)) }
end

--- The line of a public key that people pass around.
---@param public string
---@return string
function key.line(public)
  return public:match("([^\r\n]+)%s*$")
end

return key
