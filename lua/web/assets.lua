--- Files that a browser keeps for ever, because their names carry their digest: styles, scripts, drawings.
local crypto = require("kernel.crypto")
local fs = require("kernel.files")
local text = require("kernel.text")

local assets = {}

---@class merx.Assets
---@field prefix string of their addresses, as "/assets/"
---@field by_name table<string, merx.Asset>
---@field by_url table<string, merx.Asset>

---@class merx.Asset
---@field url string
---@field type string
---@field body string

local TYPES <const> = {
  css = "text/css; charset=utf-8", js = "text/javascript; charset=utf-8", svg = "image/svg+xml",
  png = "image/png", jpg = "image/jpeg", webp = "image/webp", woff2 = "font/woff2", json = "application/json",
}

-- Styles are one file to a browser and one file a component to us. The order of cascade layers is
-- declared in tokens.css, which comes first.
local function bundle(folder, ending, first)
  local parts = {}
  local names = fs.list(folder) or {}
  table.sort(names, function(a, b)
    if (a == first) ~= (b == first) then return a == first end
    return a < b
  end)
  for _, name in ipairs(names) do
    if name:find("%." .. ending .. "$") then parts[#parts + 1] = assert(fs.read(folder .. "/" .. name)) end
  end
  return table.concat(parts, "\n")
end

local function without_comments(css)
  local parts, at = {}, 1
  while true do
    local from = css:find("/*", at, true)
    local _, to = css:find("*/", from and from + 2 or #css + 1, true)
    if not to then break end
    parts[#parts + 1], at = css:sub(at, from - 1), to + 1
  end
  parts[#parts + 1] = css:sub(at)
  return table.concat(parts)
end

-- Without comments and indentation, each rule on a line. Line by line: every thread does this before
-- its first page, and a pattern that may begin anywhere looks at each byte.
local function shrink_css(css)
  local parts, is_joined = {}, true
  for line in without_comments(css):gmatch("[^\n]+") do
    local from = line:find("%S")
    if from then
      local to = #line
      while line:find("^%s", to) do to = to - 1 end
      local last = line:sub(to, to)
      if not is_joined and line:sub(from, from) ~= "}" then parts[#parts + 1] = "\n" end
      if last == "{" and line:sub(to - 1, to - 1) == " " then
        parts[#parts + 1] = line:sub(from, to - 2) .. "{"
        is_joined = true
      else
        parts[#parts + 1] = line:sub(from, to)
        is_joined = last == ";" or last == "}"
      end
    end
  end
  return table.concat(parts)
end

local function add(self, name, body)
  local stem, ending = name:match("^(.*)%.(%w+)$")
  local digest = text.hex(crypto.blake2b(body)):sub(1, 12)
  local asset = {
    url = self.prefix .. stem .. "." .. digest .. "." .. ending, type = TYPES[ending] or "application/octet-stream", body = body,
  }
  self.by_name[name], self.by_url[asset.url] = asset, asset
end

--- Reads a folder: css/*.css becomes one file, js/*.js another, the rest is taken as it is.
---@param folder string
---@param prefix string
---@param bundles { css: string, js: string } what the two are called
---@return merx.Assets
function assets.load(folder, prefix, bundles)
  local self = { prefix = prefix, by_name = {}, by_url = {} }
  add(self, bundles.css, shrink_css(bundle(folder .. "/css", "css", "tokens.css")))
  add(self, bundles.js, bundle(folder .. "/js", "js"))
  for _, name in ipairs(fs.list(folder) or {}) do
    local info = fs.stat(folder .. "/" .. name)
    if info and info.kind == "file" then add(self, name, assert(fs.read(folder .. "/" .. name))) end
  end
  return self
end

--- Sends a file.
---@param ctx merx.WebContext
---@param asset merx.Asset
---@param options? { shared?: boolean } whether the page cache may keep it
function assets.send(ctx, asset, options)
  local headers = {
    ["Content-Type"] = asset.type, ["Cache-Control"] = "public, max-age=31536000, immutable",
    ["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  }
  ctx.req:reply(200, headers, asset.body, options)
end

return assets
